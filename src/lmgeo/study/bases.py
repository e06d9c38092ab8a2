"""The base models of a study: how each is called, identified and had."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from lmgeo.core.spec.model import HubModel, PathModel, PretrainSpec
from lmgeo.core.spec.pretrain import OBSERVED, SHAPE
from lmgeo.core.spec.study import ModelEntry
from lmgeo.core.spec.trajectory import TrajectorySpec
from lmgeo.study.cells import Cell, Wanted, model_key


@dataclass(frozen=True)
class Base:
    """A base model of the plan.

    Attributes:
        name: unique in the study; starts every row's `model`.
        family: for the table.
        identity: what of it enters every key: content hash, or the training that makes it.
        where: how a worker gets it: `{"path": …}` or `{"artefact": key}`; no key sees it.
        layers: how many blocks it has.
        choices: training choices, by spec name; empty for a model that was not trained here.
        cell: the cell that trains it, if the study does.
        facts: further columns of a trained model: its configuration in a suite, parameters, FLOPs.
        trajectory: result key of what was seen along its training; None: nothing was to be.
    """

    name: str
    family: str
    identity: dict[str, Any]
    where: dict[str, Any]
    layers: int
    choices: dict[str, Any]
    cell: Cell | None
    facts: dict[str, Any] = field(default_factory=dict)
    trajectory: str | None = None


def resolve_bases(entries: list[ModelEntry], trajectory: TrajectorySpec | None = None) -> list[Base]:
    """Every base of a study, with unique names.

    Args:
        entries: as the study lists them.
        trajectory: what is looked at along training; None: the usual.

    Raises:
        SpecError: a path that is no checkpoint, a corpus that is not there.
    """
    bases = [_resolve(entry, trajectory or TrajectorySpec()) for entry in entries]
    return [_renamed(base, name) for base, name in zip(bases, _unique_names(entries, bases), strict=True)]


def _resolve(entry: ModelEntry, trajectory: TrajectorySpec) -> Base:
    if isinstance(entry.source, PretrainSpec):
        base = _trained(entry, entry.source, trajectory)
    else:
        base = _loaded(entry, entry.source)
    if entry.untrained is None:
        return base
    identity = {"untrained": entry.untrained, "of": base.identity}
    where = {**base.where, "untrained": entry.untrained}
    name = entry.name or f"{base.name}-untrained{entry.untrained}"
    return replace(base, name=name, identity=identity, where=where)


def training_identity(spec: PretrainSpec) -> dict[str, Any]:
    """What makes a trained model the model it is: every setting that moves its weights, and the corpus's content."""
    from lmgeo.data.corpora import corpus_identity

    training = {k: v for k, v in spec.resolved().items() if k not in OBSERVED and k != "corpus"}
    if spec.keep_checkpoints:  # then the steps are part of what is left behind
        training |= {k: v for k, v in spec.resolved().items() if k in OBSERVED and k != "minutes"}
    return {"training": training, "corpus": corpus_identity(spec.corpus)}


def _trained(entry: ModelEntry, spec: PretrainSpec, trajectory: TrajectorySpec) -> Base:
    from lmgeo.models.build import run_facts
    from lmgeo.study.trajectory import trajectory_identity, trajectory_key

    identity = training_identity(spec)
    key = model_key(identity)
    name = entry.name or f"{spec.architecture}-{spec.width}x{spec.layers}"
    cell_spec = {"pretrain": spec.resolved(), "identity": identity}
    wanted, along = [Wanted(key, "model", "pretrain")], None
    if spec.log_checkpoints or spec.even_checkpoints:
        seen = trajectory_identity(trajectory, spec)
        cell_spec |= {"trajectory": trajectory.resolved(), "trajectory_identity": seen}
        along = trajectory_key(key, seen)
        wanted.append(Wanted(along, "model", "trajectory"))
    return Base(
        name,
        entry.family or spec.architecture,
        identity,
        {"artefact": key},
        spec.layers,
        spec.resolved(),
        Cell(key, "pretrain", f"train {name}", cell_spec, wanted),
        {**({"configuration": entry.configuration} if entry.configuration else {}), **run_facts(spec)},
        along,
    )


def told_by_size(choices: list[dict[str, Any]]) -> frozenset[str]:
    """The choices that a size's name says by itself, where every one of these models has such a name."""
    return frozenset(SHAPE) if choices and all(c.get("size") for c in choices) else frozenset()


def _loaded(entry: ModelEntry, source: PathModel | HubModel) -> Base:
    from lmgeo.models.content import block_count, content, family
    from lmgeo.models.source import resolve

    local = resolve(source.path if isinstance(source, PathModel) else f"hf:{source.hf}")
    identity = {"content": content(local.path)}
    name = entry.name or local.label
    return Base(
        name,
        entry.family or family(local.path),
        identity,
        {"path": str(local.path.resolve())},
        block_count(local.path),
        {},
        None,
    )


def _unique_names(entries: list[ModelEntry], bases: list[Base]) -> list[str]:
    """Names as given, with the choices that differ added where a name stands for several models."""
    names = [base.name for base in bases]
    result = []
    for name, base in zip(names, bases, strict=True):
        same = [b for b in bases if b.name == name]
        said = told_by_size([b.choices for b in same]) | OBSERVED
        varied = {
            k: v for k, v in base.choices.items() if k not in said and len({repr(b.choices.get(k)) for b in same}) > 1
        }
        result.append(f"{name}({','.join(f'{k}={v}' for k, v in varied.items())})" if varied else name)
    return [n if result.count(n) == 1 else f"{n}#{result[: i + 1].count(n)}" for i, n in enumerate(result)]


def _renamed(base: Base, name: str) -> Base:
    cell = None if base.cell is None else replace(base.cell, label=f"train {name}")
    return replace(base, name=name, cell=cell)
