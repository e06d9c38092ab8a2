"""At which steps of a run the model is looked at, and the folders of those that are kept."""

from __future__ import annotations

import re
from pathlib import Path

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.handle import ModelHandle
from lmgeo.train.partial import partial_folder

_FOLDER = re.compile(r"step-\d+")


def checkpoint_steps(spec: PretrainSpec, steps: int) -> list[int]:
    """The steps of a run's checkpoints, in order: 0, then powers of two, evenly spaced ones, or both.

    None at all unless the spec asks for some; then the last step is always one.
    """
    if not spec.log_checkpoints and not spec.even_checkpoints:
        return []
    powers = {2**i for i in range(steps.bit_length()) if 2**i <= steps} if spec.log_checkpoints else set()
    even = {round(steps * (i + 1) / spec.even_checkpoints) for i in range(spec.even_checkpoints)}
    return sorted({0, steps} | powers | even)


def keep(handle: ModelHandle, out: Path, step: int) -> None:
    """Write a checkpoint of a run that goes on beside its half-done state."""
    handle.save(partial_folder(out) / f"step-{step}")


def move_kept(out: Path, folder: Path) -> None:
    """Bring the checkpoints of a run that is done into its folder."""
    beside = partial_folder(out)
    for kept in sorted(beside.iterdir()) if beside.is_dir() else []:
        if _FOLDER.fullmatch(kept.name):
            kept.rename(folder / kept.name)
