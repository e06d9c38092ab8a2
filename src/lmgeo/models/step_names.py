"""What a checkpoint's name says: which step of which run it is."""

from __future__ import annotations

import re
from typing import NamedTuple

_STEP = re.compile(r"(?<![a-z])(?:step|checkpoint|ckpt|iter)[-_=]?(\d+)(k?)(?![0-9a-z])", re.IGNORECASE)
_TOKENS = re.compile(r"[-_]tokens?[-_]?[0-9.]+[a-z]*", re.IGNORECASE)


class StepName(NamedTuple):
    """A name, read.

    Attributes:
        run: what stands beside the step, `stage1` of `stage1-step1000-tokens5B`; empty if nothing does.
        step: of training.
    """

    run: str
    step: int


def read_step_name(name: str) -> StepName | None:
    """Read a folder's or a revision's name: `step`, `checkpoint`, `ckpt` or `iter`, then a number.

    `step0`, `step-1000`, `checkpoint-500`, `global_step20k`, `step1000-tokens4B`, `stage1-step1000-tokens5B`. The
    tokens seen are left out. None: the name holds no step.
    """
    found = _STEP.search(name)
    if found is None:
        return None
    step = int(found[1]) * (1000 if found[2] else 1)
    beside = [name[: found.start()], _TOKENS.sub("", name[found.end() :], count=1)]
    return StepName("-".join(part for part in (p.strip("-_.") for p in beside) if part), step)
