"""A suite: training runs around one configuration, one choice changed at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lmgeo.core.errors import SpecError, suggestion
from lmgeo.core.identity import content_key
from lmgeo.core.spec.base import validate
from lmgeo.core.spec.document import Document, KeyPath
from lmgeo.core.spec.pretrain import OBSERVED, PretrainSpec

DEFAULT = "default"
_KEYS = ("base", "each", "vary", "seeds")
# the model is the same whatever these are, so they are no choices to compare
_NO_CHOICE = OBSERVED | {"keep_checkpoints"}

Written = tuple[Any, KeyPath]  # a value, and where it is written
Point = dict[str, Written]  # training choices
Lists = dict[str, list[Written]]  # axes of them


@dataclass(frozen=True)
class SuiteRun:
    """One run of a suite.

    Attributes:
        spec: its training, fully determined.
        name: unique in the suite: the values of `each`, the configuration, the seed where several are used.
        configuration: what differs from the base, whatever `each` and the seed: `default`, or `batch_size=64`.
    """

    spec: PretrainSpec
    name: str
    configuration: str


def suite_runs(raw: Any, document: Document, path: KeyPath) -> list[SuiteRun]:
    """The runs that a suite's block stands for, each once.

    Args:
        raw: a block of `base` (a training spec without axes), `each` (choices crossed with everything, such as
            size: a full grid), `vary` (a list of choices changed one at a time; several keys in one entry change
            together, value by value) and `seeds` (of the base's configuration; the first is every other run's).
        document: that it stands in.
        path: where in it.

    A value that is the base's own, as the middle of an axis is, gives the base again and counts once.

    Raises:
        SpecError, UnknownName: with the line.
    """
    if not isinstance(raw, Mapping):
        raise SpecError(f"{document.where(path)} is {raw!r}, not a block", f"give {', '.join(_KEYS)}")
    for key in raw:
        if key not in _KEYS:
            raise SpecError(f"{document.where((*path, key))}: unknown key {key!r}", suggestion(str(key), _KEYS))
    base = {key: (value, (*path, "base", key)) for key, value in _mapping(raw, "base", document, path).items()}
    each = _lists(_mapping(raw, "each", document, path), document, (*path, "each"))
    vary = _entries(raw, document, path, each)
    seeds = _seeds(raw, document, path, "seed" in each)
    grid = [dict(zip(each, point, strict=True)) for point in itertools.product(*each.values())]
    found: dict[str, SuiteRun] = {}
    for fixed in grid:
        old = _spec(_joined(base, fixed), document, (*path, "base"))
        for place, change in _changes(vary, seeds, document, path):
            run = _run(_spec(_joined(base, {**change, **fixed}), document, place), old, fixed, change, seeds)
            found.setdefault(content_key(run.spec.resolved()), run)
    return list(found.values())


def _joined(base: Point, changed: Point) -> Point:
    """The base with other choices in place of its own; a batch said in tokens takes the place of one in sequences."""
    kept = {key: value for key, value in base.items() if key != "batch_size" or "batch_tokens" not in changed}
    return {**kept, **changed}


def _spec(choices: Point, document: Document, path: KeyPath) -> PretrainSpec:
    values = {key: value for key, (value, _) in choices.items()}
    return validate(PretrainSpec, values, document, path, {key: place for key, (_, place) in choices.items()})


def _changes(
    vary: list[Lists], seeds: list[Written], document: Document, path: KeyPath
) -> Iterator[tuple[KeyPath, Point]]:
    """Every change of the base, first of all none at all under each seed; with where it is written."""
    yield from (((*path, "base"), {"seed": seed}) for seed in seeds)
    for i, lists in enumerate(vary):
        place = (*path, "vary", i)
        lengths = {key: len(values) for key, values in lists.items()}
        if len(set(lengths.values())) > 1:
            said = ", ".join(f"{key} has {n}" for key, n in lengths.items())
            raise SpecError(
                f"{document.where(place)}: {said} values", "choices that change together need as many values"
            )
        for values in zip(*lists.values(), strict=True):
            yield place, {"seed": seeds[0], **dict(zip(lists, values, strict=True))}


def _run(spec: PretrainSpec, base: PretrainSpec, fixed: Point, change: Point, seeds: list[Written]) -> SuiteRun:
    new, old = spec.resolved(), base.resolved()
    # a resolved spec says a batch in sequences alone
    asked = dict.fromkeys("batch_size" if key == "batch_tokens" else key for key in change if key != "seed")
    configuration = ",".join(f"{key}={_short(new[key])}" for key in asked if new[key] != old[key]) or DEFAULT
    # a size is known by its name alone
    parts = [_short(value) if key == "size" else f"{key}={_short(value)}" for key, (value, _) in fixed.items()]
    parts.append(configuration)
    if "seed" not in fixed and spec.seed != seeds[0][0]:
        parts.append(f"seed={spec.seed}")
    return SuiteRun(spec, "/".join(parts), configuration)


def _short(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _entries(raw: Mapping[str, Any], document: Document, path: KeyPath, each: Lists) -> list[Lists]:
    """The entries of `vary`, each key's list of values."""
    vary = [] if raw.get("vary") is None else raw["vary"]
    place = (*path, "vary")
    if not isinstance(vary, list):
        raise SpecError(f"{document.where(place)} is {vary!r}, not a list", "start each entry of 'vary' with '- '")
    found = []
    for i, axis in enumerate(vary):
        if not isinstance(axis, Mapping) or not axis:
            raise SpecError(
                f"{document.where((*place, i))} is {axis!r}, not a block", "give choices with lists of values"
            )
        for key in axis:
            if key == "seed":
                raise SpecError(f"{document.where((*place, i, key))} is no choice", "give seeds: [0, 1] beside base")
            if key in each:
                raise SpecError(f"{document.where((*place, i, key))} stands under each too", "keep it in one of them")
        found.append(_lists(axis, document, (*place, i)))
    return found


def _seeds(raw: Mapping[str, Any], document: Document, path: KeyPath, crossed: bool) -> list[Written]:
    """The seeds with their places; `crossed`: `each` has them."""
    if raw.get("seeds") is None:
        base = raw.get("base") or {}
        return [(base.get("seed", 0), (*path, "base", "seed"))]
    if crossed:
        raise SpecError(f"{document.where((*path, 'seeds'))}: each has seeds too", "keep one of the two")
    return _values(raw["seeds"], document, (*path, "seeds"))


def _lists(block: Mapping[str, Any], document: Document, path: KeyPath) -> Lists:
    """The lists of a block by training choice, each value with its place."""
    for key in block:
        if key not in PretrainSpec.model_fields:
            mend = suggestion(str(key), PretrainSpec.model_fields)
            raise SpecError(f"{document.where((*path, key))}: unknown key {key!r}", mend)
        if key in _NO_CHOICE:
            raise SpecError(f"{document.where((*path, key))} does not change the model", "give it under base")
    return {key: _values(values, document, (*path, key)) for key, values in block.items()}


def _values(value: Any, document: Document, path: KeyPath) -> list[Written]:
    if not isinstance(value, list) or not value:
        raise SpecError(f"{document.where(path)} is {value!r}, not a list of values", "write it in [ ]")
    return [(one, (*path, i)) for i, one in enumerate(value)]


def _mapping(raw: Mapping[str, Any], key: str, document: Document, path: KeyPath) -> Mapping[str, Any]:
    value = {} if raw.get(key) is None else raw[key]
    if not isinstance(value, Mapping):
        raise SpecError(f"{document.where((*path, key))} is {value!r}, not a block", "give training choices")
    return value
