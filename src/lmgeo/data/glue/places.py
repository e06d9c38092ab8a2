"""Finding a GLUE split: a tab-separated file, parquet files, or the hub."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from lmgeo.core.errors import SpecError
from lmgeo.data.examples import Examples
from lmgeo.data.glue.hub import HubSplit
from lmgeo.data.glue.parquet import ParquetSplit
from lmgeo.data.glue.tsv import TsvSplit
from lmgeo.data.tasks.kinds import Task

if TYPE_CHECKING:
    from lmgeo.data.glue.layout import Glue

HUB = "hf:"


class Split(Protocol):
    """One split of one task, wherever it lies."""

    def examples(self) -> tuple[Examples, list[str]]:
        """Its examples, and notes."""

    def content(self) -> str:
        """The hash of what they are read from."""


def open_split(task: Task, glue: Glue, data: str | None, split: str) -> Split:
    """Where a split is read from.

    Args:
        data: a folder that holds the task's folder, or `hf:` (`hf:REPOSITORY` for another copy).
        split: `train` or `dev`.

    Raises:
        SpecError: no data given, or no such folder or file, with the path looked at.
    """
    if data is None or not data.strip():
        raise SpecError(
            f"task {task.name!r} needs GLUE's data",
            f"give --data DIR (in a study `data: DIR` beside its tasks) with {glue.folder}/train.tsv and "
            f"{glue.folder}/{glue.dev}.tsv, or hf: in place of DIR",
        )
    if data.startswith(HUB):
        return HubSplit(task, glue, data.removeprefix(HUB), "train" if split == "train" else glue.validation)
    folder = _task_folder(task, glue, Path(data).expanduser())
    stem = "train" if split == "train" else glue.dev
    tsv = folder / f"{stem}.tsv"
    if tsv.is_file():
        return TsvSplit(task, glue, tsv)
    shards = _shards(folder, [stem] if split == "train" else [glue.validation, stem])
    if shards:
        return ParquetSplit(task, glue, shards)
    raise SpecError(f"there is no file {tsv}", f"put GLUE's {stem}.tsv (or {stem}.parquet) of {glue.folder} there")


def _task_folder(task: Task, glue: Glue, root: Path) -> Path:
    """GLUE's folder name, or the hub's, which is the task's own."""
    if not root.is_dir():
        raise SpecError(f"there is no folder {root}", f"give the folder that holds {glue.folder}/train.tsv")
    for name in (glue.folder, task.name):
        if (root / name).is_dir():
            return root / name
    mend = f"it should hold train.tsv and {glue.dev}.tsv in GLUE's layout"
    if (root / "train.tsv").is_file():
        mend = f"--data is the folder above {root.name}: {mend}"
    raise SpecError(f"there is no folder {root / glue.folder}", mend)


def _shards(folder: Path, stems: list[str]) -> list[Path]:
    """`train.parquet`, or `train-00000-of-00002.parquet` and its like, of the first stem that has any."""
    for stem in stems:
        found = sorted(path for path in folder.glob(f"{stem}*.parquet") if path.stem.partition("-")[0] == stem)
        if found:
            return found
    return []
