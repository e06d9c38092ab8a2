"""At which steps of a run the model is looked at, and the folders of those that are kept."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.handle import ModelHandle
from lmgeo.train.partial import partial_folder


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


def bring_kept(out: Path, folder: Path, steps: Iterable[int]) -> None:
    """Bring the checkpoints of a run that is done into its folder.

    They stay where they were too, as links to the same files where the disk has links: a run that is killed before
    its folder stands must find them again.
    """
    for step in steps:
        kept = partial_folder(out) / f"step-{step}"
        if kept.is_dir():
            shutil.copytree(kept, folder / kept.name, copy_function=_link_or_copy)


def _link_or_copy(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
