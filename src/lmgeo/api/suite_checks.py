"""What can be wrong with the checkpoints of one run, from what was read of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from lmgeo.core.identity import content_key

if TYPE_CHECKING:
    from lmgeo.models.sketch import Sketch
    from lmgeo.models.suite import SuiteStep

_SHOWN = 6  # names in a detail
# what differs between two savings of one model, and says nothing of what it computes
_UNTOLD = ("_name_or_path", "transformers_version", "torch_dtype", "dtype", "use_cache", "architectures")


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: its kind, the step or steps, and what was seen, in words and figures."""

    kind: str
    where: str
    detail: str


@dataclass(frozen=True)
class Checkpoint:
    """What was read of one step."""

    step: SuiteStep
    sketch: Sketch
    config: Mapping[str, Any]
    tokenizer: str | None

    @property
    def label(self) -> str:
        """As the suite names it."""
        return self.step.label


def missing(run: str, steps: Sequence[SuiteStep], expected: Sequence[int] | None) -> Iterator[Fault]:
    """Steps that are lacking: of those expected, or else of the pattern of the others."""
    from lmgeo.numerics.step_pattern import missing_steps

    there = [step.step for step in steps]
    lacking = missing_steps(there) if expected is None else sorted(set(expected) - set(there))
    why = "the spacing of the others asks for it" if expected is None else "it is in the list of expected steps"
    for number in lacking:
        yield Fault("missing_step", f"{run}/step {number}" if run else f"step {number}", f"it is not there; {why}")


def repeated(steps: Sequence[SuiteStep]) -> Iterator[Fault]:
    """One step under two names."""
    for number, count in Counter(step.step for step in steps).items():
        if count > 1:
            names = [step.label for step in steps if step.step == number]
            yield Fault("repeated_step", ", ".join(names), f"{count} names stand for step {number} of one run")


def unsound(found: Sequence[Checkpoint]) -> Iterator[Fault]:
    """NaN and infinity."""
    for one in found:
        if one.sketch.unsound:
            name, count = next(iter(one.sketch.unsound.items()))
            more = len(one.sketch.unsound) - 1
            yield Fault("not_finite", one.label, f"{name} holds {count}" + (f"; {more} more tensors" if more else ""))


def unlike(found: Sequence[Checkpoint]) -> dict[str, Fault]:
    """Steps whose tensors or configuration are not those of most, by label."""
    if not found:
        return {}
    usual = _most(found, lambda one: content_key({n: list(s) for n, s in one.sketch.shapes.items()}))
    settings = _usual_settings(found)
    faults = {}
    for one in found:
        words = [*_other_tensors(one, usual), *_other_settings(one, settings)]
        if words:
            faults[one.label] = Fault("architecture", one.label, f"beside {usual.label}: {'; '.join(words[:_SHOWN])}")
    return faults


def _most(found: Sequence[Checkpoint], key: Any) -> Checkpoint:
    """The first of those that agree with most."""
    keys = [key(one) for one in found]
    return found[keys.index(Counter(keys).most_common(1)[0][0])]


def _other_tensors(one: Checkpoint, usual: Checkpoint) -> Iterator[str]:
    here, there = one.sketch.shapes, usual.sketch.shapes
    for name in sorted({*here, *there}):
        if name not in here:
            yield f"{name} is lacking"
        elif name not in there:
            yield f"{name} is new"
        elif here[name] != there[name]:
            yield f"{name} is {list(here[name])} instead of {list(there[name])}"


def _usual_settings(found: Sequence[Checkpoint]) -> dict[str, Any]:
    """Of each setting the value that most of the configurations which have it give it."""
    keys = {key for one in found for key in one.config} - {*_UNTOLD}
    values = {key: [one.config[key] for one in found if key in one.config] for key in keys}
    return {key: max(own, key=own.count) for key, own in values.items()}


def _other_settings(one: Checkpoint, usual: Mapping[str, Any]) -> Iterator[str]:
    for key in sorted({*one.config} & {*usual}):
        if one.config[key] != usual[key]:
            yield f"{key} is {one.config[key]!r} instead of {usual[key]!r}"


def tokenizers(found: Sequence[Checkpoint]) -> Iterator[Fault]:
    """Steps whose tokenizer is not that of most; a step without one is not judged."""
    having = [one for one in found if one.tokenizer is not None]
    if not having:
        return
    usual = _most(having, lambda one: one.tokenizer)
    for one in having:
        if one.tokenizer != usual.tokenizer:
            yield Fault("tokenizer", one.label, f"its tokenizer is not that of {usual.label}")


def same_weights(found: Sequence[Checkpoint]) -> list[list[Checkpoint]]:
    """Groups of steps with equal tensors."""
    groups: dict[str, list[Checkpoint]] = {}
    for one in found:
        groups.setdefault(one.sketch.content, []).append(one)
    return [group for group in groups.values() if len(group) > 1]


def copies_fault(group: Sequence[Checkpoint], last: Checkpoint, fits: Checkpoint | None) -> Fault:
    """The fault of one group of equal steps, and which of them the weights fit."""
    names = [one.label for one in group]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    final = ": those of the last step" if group[-1] is last else ""
    place = f"; by their distances to the others they are those of {fits.label}" if fits is not None else ""
    return Fault("same_weights", shown, f"{len(names)} steps hold the same weights{final}{place}")
