"""The pretrain cells: a model trained and kept, and what was seen of it along the way."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from lmgeo.core.progress import Progress
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.core.spec.trajectory import TrajectorySpec
from lmgeo.store.store import Store
from lmgeo.study.cells import Cell, unchanged
from lmgeo.study.trajectory import looker, trajectory_identity, trajectory_key
from lmgeo.train import partial as half_done
from lmgeo.train.optimization import Diverged
from lmgeo.train.pretrain import PretrainResult, pretrain
from lmgeo.train.training_text import training_text

_BLOWN_UP, _LEARNT = 1.5, 0.98
Results = dict[str, dict[str, Any]]


def train(cell: Cell, store: Store, device: str, progress: Progress) -> Results:
    """Train a cell's model, or take it as it is kept; a run that diverged is a result too.

    A model that is kept without the trajectory asked for is trained again beside it, to be looked at.

    Returns:
        By key: the training's summary, and the trajectory where one is wanted.
    """
    from lmgeo.study.bases import training_identity

    spec = PretrainSpec(**cell.spec["pretrain"])
    unchanged("text to train on", training_identity(spec), cell.spec["identity"])
    out = store.local_path("artefacts", cell.key)
    try:
        result = _run(spec, cell, out, device, progress)
        summary = {**result.summary(), "diverged": blown_up(result)}
        looks = result.looks
    except Diverged as error:
        half_done.remove(out)
        summary, looks = {"diverged": error.what}, []
    found: Results = {cell.key: {"object": "model", "name": "pretrain", "training": summary}}
    if "trajectory" in cell.spec:
        along = trajectory_key(cell.key, cell.spec["trajectory_identity"])
        found[along] = {"object": "model", "name": "trajectory", "trajectory": looks}
    return found


def _run(spec: PretrainSpec, cell: Cell, out: Path, device: str, progress: Progress) -> PretrainResult:
    text = training_text(spec)
    if "trajectory" not in cell.spec:
        return pretrain(spec, text, out, progress, device=device)
    wanted = TrajectorySpec(**cell.spec["trajectory"])
    identity = cell.spec["trajectory_identity"]
    unchanged("text to look at along training", trajectory_identity(wanted, spec), identity)
    look = looker(wanted, spec, text)
    key = trajectory_key(cell.key, identity)
    done = pretrain(spec, text, out, progress, on_checkpoint=look, looks_key=key, device=device)
    if done.looks_key == key:
        return done
    again = out.parent / f".{out.name}.again"
    shutil.rmtree(again, ignore_errors=True)
    try:
        return pretrain(spec, text, again, progress, on_checkpoint=look, looks_key=key, device=device)
    except Diverged:
        half_done.remove(again)
        raise
    finally:
        shutil.rmtree(again, ignore_errors=True)


def blown_up(result: PretrainResult) -> str | None:
    """Why a run counts as diverged though every number is finite; None: it does not.

    Weights that ran away are pulled back by a falling learning rate, and the loss with them, to about what guessing
    by frequency gives. So both count: some step's loss was more than half above the first one's, which is near
    that of a uniform guess and can be exceeded by so much only with confidence in the wrong tokens; and the end is
    no better than frequencies, to 2 %. A run that recovers to a better loss is a run like others.
    """
    if result.highest_loss <= _BLOWN_UP * result.first_loss or result.held_out_loss < _LEARNT * result.unigram_loss:
        return None
    return (
        f"the loss rose to {result.highest_loss:.4g}, from {result.first_loss:.4g} at the first step, and ends at "
        f"{result.held_out_loss:.4g}; guessing by frequency gives {result.unigram_loss:.4g}"
    )
