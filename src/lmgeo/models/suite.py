"""Suites: checkpoints along one training run or several, in folders or as a hub model's revisions."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from lmgeo.core.environment import is_offline
from lmgeo.core.errors import SpecError
from lmgeo.models.hub import download, file_sizes, refusal, revisions
from lmgeo.models.source import HUB, resolve
from lmgeo.models.step_names import read_step_name

DEFAULT_BUDGET = 20_000_000_000  # bytes on disk for the one revision that is there at a time
_SHOWN = 5  # names in a message


@dataclass(frozen=True)
class HubRevision:
    """One commit of a model on the hub."""

    repo: str
    commit: str


@dataclass(frozen=True)
class SuiteStep:
    """One checkpoint of a suite.

    Attributes:
        run: which run it is of; one suite of one run has "".
        step: of training.
        label: as the suite names it: the folder or the revision, the run's folder before it.
        place: its folder, or where on the hub it is.
    """

    run: str
    step: int
    label: str
    place: Path | HubRevision


@dataclass(frozen=True)
class Suite:
    """Checkpoints in order: by run, then by step.

    Attributes:
        label: the folder's name, or `hf:ID`.
        steps: all of them.
        not_understood: names of folders or revisions that hold no step.
    """

    label: str
    steps: list[SuiteStep]
    not_understood: list[str]

    def runs(self) -> dict[str, list[SuiteStep]]:
        """The steps of each run, in order."""
        found: dict[str, list[SuiteStep]] = {}
        for step in self.steps:
            found.setdefault(step.run, []).append(step)
        return found


def open_suite(source: str) -> Suite:
    """List the steps of a suite; nothing of a checkpoint is read or downloaded.

    Args:
        source: a folder whose folders are named by step (`step0`, `step-1000`, `checkpoint-500` …), a folder of such
            folders, or `hf:ID`, whose branches and tags are.

    Raises:
        SpecError: nothing there; no step in it; the hub is needed and the network is off.
    """
    label, steps, others = _on_hub(source) if source.startswith(HUB) else _in_folder(source)
    if not steps:
        shown = f": it holds {', '.join(others[:_SHOWN])}" if others else ""
        mend = (
            "give a folder of checkpoints named by step (step0, step-1000, checkpoint-500 …), or hf:ID of such a model"
        )
        raise SpecError(f"{source} has no steps{shown}", mend)
    return Suite(label, sorted(steps, key=lambda s: (s.run, s.step, s.label)), others)


def chosen_steps(suite: Suite, only: Sequence[int] = (), every: int | None = None) -> list[SuiteStep]:
    """Some steps of every run of a suite.

    Args:
        only: these; empty: all.
        every: those divisible by this.

    Raises:
        SpecError: a step that no run has, or none is left.
    """
    there = {step.step for step in suite.steps}
    for number in only:
        if number not in there:
            near = sorted(there, key=lambda s: abs(s - number))[:_SHOWN]
            raise SpecError(f"{suite.label} has no step {number}", f"the nearest are {', '.join(map(str, near))}")
    chosen = [s for s in suite.steps if (not only or s.step in only) and (every is None or s.step % every == 0)]
    if not chosen:
        raise SpecError(f"no step of {suite.label} is divisible by {every}", "give another 'every', or leave it out")
    return chosen


@contextmanager
def fetched(step: SuiteStep, budget: int = DEFAULT_BUDGET, files: Collection[str] | None = None) -> Iterator[Path]:
    """The folder of a step; one of the hub is downloaded, and deleted when the block ends, however it ends.

    Args:
        step: of a suite.
        budget: bytes that a download may take.
        files: of those a model needs, only these are downloaded; None: all.

    Raises:
        SpecError: the download would be larger than the budget or the disk's free space; the network is off.
    """
    if isinstance(step.place, Path):
        yield step.place
        return
    with fetched_revision(step.place, step.label, budget, files) as path:
        yield path


@contextmanager
def fetched_revision(
    place: HubRevision, label: str, budget: int = DEFAULT_BUDGET, files: Collection[str] | None = None
) -> Iterator[Path]:
    """As `fetched`, of a revision by its commit; `label` is what messages call it."""
    source = f"{HUB}{place.repo}@{label}"
    with tempfile.TemporaryDirectory(prefix="lmgeo-step-") as folder:
        _download(place, source, budget, files, Path(folder))
        yield Path(folder)


def _download(place: HubRevision, source: str, budget: int, files: Collection[str] | None, folder: Path) -> None:
    _refuse_offline(source)
    try:
        sizes = file_sizes(place.repo, place.commit)
    except Exception as error:
        raise refusal(source, error) from error
    sizes = {file: size for file, size in sizes.items() if files is None or file in files}
    size, room = sum(sizes.values()), shutil.disk_usage(folder).free
    if size > budget:
        raise SpecError(
            f"{source} takes {size / 1e9:.3g} GB, and the budget is {budget / 1e9:.3g} GB",
            "give a larger --budget (in a study: budget_gb), in GB",
        )
    if size > room:
        raise SpecError(
            f"{source} takes {size / 1e9:.3g} GB, and {folder.parent} has {room / 1e9:.3g} GB free",
            "make room there, or name another folder in TMPDIR",
        )
    try:
        download(place.repo, place.commit, sizes, folder)
    except Exception as error:
        raise refusal(source, error) from error


def _refuse_offline(source: str) -> None:
    if is_offline():
        raise SpecError(
            f"{source} is on the hub, and the network is not allowed",
            "run without --offline (and without LMGEO_OFFLINE), or give a folder",
        )


def _on_hub(source: str) -> tuple[str, list[SuiteStep], list[str]]:
    name = source.removeprefix(HUB)
    if "@" in name:
        raise SpecError(f"{source} names one revision, and a suite is all of them", f"give {HUB}{name.split('@')[0]}")
    _refuse_offline(source)
    try:
        found = revisions(name)
    except Exception as error:
        raise refusal(source, error) from error
    steps, others = [], []
    for label, commit in sorted(found.items()):
        read = read_step_name(label)
        if read is None:
            others.append(label)
        else:
            steps.append(SuiteStep(read.run, read.step, label, HubRevision(name, commit)))
    return source, steps, others


def _in_folder(source: str) -> tuple[str, list[SuiteStep], list[str]]:
    local = resolve(source)
    steps, others = _steps_under(local.path, "")
    if not steps:  # then of several runs
        for folder in _folders(local.path):
            steps += _steps_under(folder, folder.name)[0]
        runs = {Path(step.label).parts[0] for step in steps}
        others = [name for name in others if name not in runs]
    return local.label, steps, others


def _steps_under(folder: Path, run: str) -> tuple[list[SuiteStep], list[str]]:
    steps, others = [], []
    for child in _folders(folder):
        read = read_step_name(child.name)
        if read is None:
            others.append(child.name)
        else:
            named = "-".join(part for part in (run, read.run) if part)
            steps.append(SuiteStep(named, read.step, f"{run}/{child.name}" if run else child.name, child))
    return steps, others


def _folders(folder: Path) -> list[Path]:
    return sorted(child for child in folder.iterdir() if child.is_dir() and not child.name.startswith("."))
