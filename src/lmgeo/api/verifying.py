"""Auditing a suite of checkpoints: one step on disk and one tensor in memory at a time."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lmgeo.api.suite_checks import Checkpoint, Fault, missing, repeated, tokenizers, unlike, unsound
from lmgeo.api.suite_path import path_faults
from lmgeo.core.errors import SpecError
from lmgeo.core.progress import Progress, silent
from lmgeo.models.suite import DEFAULT_BUDGET, SuiteStep, fetched, open_suite

_SHOWN = 8  # names in a note
_MOST_STEPS = 1_000_000  # of a range: more is a slip


def verify(
    suite: str | Path,
    *,
    steps: Sequence[int] | None = None,
    budget: int = DEFAULT_BUDGET,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Audit checkpoints along training runs.

    Kinds of faults: `missing_step`, `repeated_step`, `unreadable`, `not_finite`, `architecture`, `tokenizer`,
    `same_weights`, `trained_step_0`, `out_of_place`, `jump`. Runs of one suite are judged each on its own.

    Args:
        suite: a folder of steps or of runs, or `hf:ID`.
        steps: those each run should have; None: what the pattern of those that are there asks for.
        budget: bytes that a downloaded step may take; it is deleted before the next comes.

    Returns:
        `{"ok", "faults": [{"kind", "where", "detail"}], "suite", "runs": {name: number of steps}, "notes"}`.

    Raises:
        SpecError: no steps there; a download that is refused or fails.
    """
    opened = open_suite(str(suite))
    runs, done = opened.runs(), 0
    faults: list[Fault] = []
    notes = [f"not understood as steps: {_listed(opened.not_understood)}"] if opened.not_understood else []
    for run, own in runs.items():
        audit = _Audit(budget)
        for step in own:
            progress("steps", done, len(opened.steps))
            audit.read(step)
            done += 1
        faults += [*missing(run, own, steps), *repeated(own), *audit.faults()]
        if own[0].step > 0:
            notes.append(f"{run or opened.label} has no step 0: whether it began untrained is not checked")
    return {
        "ok": not faults,
        "faults": [asdict(fault) for fault in faults],
        "suite": opened.label,
        "runs": {run or opened.label: len(own) for run, own in runs.items()},
        "notes": notes,
    }


class _Audit:
    """The reading of one run, step by step, and what it shows."""

    def __init__(self, budget: int) -> None:
        self._budget = budget
        self._found: list[Checkpoint] = []
        self._faults: list[Fault] = []
        self._trained: list[str] = []  # step 0 where it is not what it says

    def read(self, step: SuiteStep) -> None:
        """Read one step; one that cannot be read is a fault."""
        with fetched(step, self._budget) as path:
            try:
                one, signs = _read(step, path), _signs_in_step_zero(step, path) if step.step == 0 else []
            except SpecError as error:
                self._faults.append(Fault("unreadable", step.label, error.what))
                return
        self._found.append(one)
        if signs:
            self._trained.append(step.label)
            self._faults.append(Fault("trained_step_0", step.label, f"it does not look untrained: {'; '.join(signs)}"))

    def faults(self) -> list[Fault]:
        """All that is wrong; steps that cannot be compared are left out of the path."""
        others = unlike(self._found)
        sound = [one for one in self._found if not one.sketch.unsound and one.label not in others]
        each = [*self._faults, *unsound(self._found), *others.values(), *tokenizers(self._found)]
        return [*each, *path_faults(sound, self._trained)]


def _read(step: SuiteStep, path: Path) -> Checkpoint:
    from lmgeo.models.content import tokenizer_hash
    from lmgeo.models.sketch import sketch
    from lmgeo.models.weight_files import read_weights

    weights = read_weights(path, step.label)
    return Checkpoint(step, sketch(weights), weights.config, tokenizer_hash(path))


def _signs_in_step_zero(step: SuiteStep, path: Path) -> list[str]:
    """Signs of training in step 0, beside a fresh model of its configuration, which is in memory meanwhile."""
    from lmgeo.api.untrained import signs_of_training
    from lmgeo.api.weight_sources import open_weights
    from lmgeo.models.load import load_model
    from lmgeo.models.weight_files import read_weights

    fresh = open_weights(load_model(path, untrained_seed=0)).weights
    return signs_of_training(read_weights(path, step.label), fresh)


def parse_steps(text: str) -> list[int]:
    """`0,1,2,1000-143000:1000` as numbers: single steps, and ranges with their ends and their spacing.

    Raises:
        SpecError: something else; a range without a step, or of more than a million.
    """
    found: list[int] = []
    for part in (p.strip() for p in text.split(",")):
        read = re.fullmatch(r"(\d+)(?:-(\d+)(?::([1-9]\d*))?)?", part)
        if read is None:
            raise SpecError(f"--steps has {part!r}, no step or range", "write e.g. 0,1,2,4,1000-143000:1000")
        steps = range(int(read[1]), int(read[2] or read[1]) + 1, int(read[3] or 1))
        if not 0 < len(steps) <= _MOST_STEPS:
            raise SpecError(f"--steps has {part!r}, {_wrong(steps)}", "write e.g. 0,1,2,4,1000-143000:1000")
        found += steps
    return found


def _wrong(steps: range) -> str:
    return f"more than {_MOST_STEPS:,} steps" if steps else "which ends before it begins"


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
