"""The base models of a study: how each is called, identified and had."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import canonical_json
from lmgeo.core.spec.decisive import decisive
from lmgeo.core.spec.model import HubModel, PathModel, PretrainSpec
from lmgeo.core.spec.steps import StepsModel
from lmgeo.core.spec.study import ModelEntry
from lmgeo.core.spec.trajectory import TrajectorySpec
from lmgeo.study.cells import Cell, Wanted, model_key
from lmgeo.study.choices import told, varied


@dataclass(frozen=True)
class Base:
    """A base model of the plan.

    Attributes:
        name: unique in the study; starts every row's `model`.
        family: for the table.
        identity: what of it enters every key: content hash, the hub's commit, or the training that makes it.
        where: how a worker gets it: `{"path": …}`, `{"artefact": key}`, or a revision of the hub that is downloaded
            when it is worked on (`{"hf", "revision", "label", "budget"}`); no key sees it.
        layers: how many blocks it has.
        choices: training choices, by spec name; empty for a model that was not trained here.
        cell: the cell that trains it, if the study does.
        factors: further columns of the table: run and step of a suite's checkpoint; of a model trained here its
            configuration in a suite, parameters and FLOPs.
        trajectory: result key of what was seen along its training; None: nothing was to be.
    """

    name: str
    family: str
    identity: dict[str, Any]
    where: dict[str, Any]
    layers: int
    choices: dict[str, Any]
    cell: Cell | None
    factors: dict[str, Any] = field(default_factory=dict)
    trajectory: str | None = None


def resolve_bases(entries: list[ModelEntry], trajectory: TrajectorySpec | None = None) -> tuple[list[Base], list[str]]:
    """Every base of a study, with unique names; and remarks on what was listed.

    One training that is listed twice, be it in other words, is one model: a second row would only pretend to be
    further evidence.

    Args:
        entries: as the study lists them.
        trajectory: what is looked at along training; None: the usual.

    Raises:
        SpecError: a path that is no checkpoint, a corpus that is not there; one training to be looked at in two ways.
    """
    listed = [base for entry in entries for base in _resolve(entry, trajectory or TrajectorySpec())]
    bases: dict[str, Base] = {}
    again: list[tuple[str, str]] = []
    for base, name in zip(listed, _unique_names(listed), strict=True):
        key = name if base.cell is None else canonical_json(base.identity)
        if key in bases:
            again.append((name, key))
        bases[key] = _one_of(bases.get(key, base), base)
    kept = [_renamed(base, name) for base, name in zip(bases.values(), _unique_names([*bases.values()]), strict=True)]
    names = dict(zip(bases, (base.name for base in kept), strict=True))
    return kept, [f"{name} is the training of {names[key]}: one model, one row" for name, key in again]


def _one_of(first: Base, second: Base) -> Base:
    """Of two bases that are one training the one that is looked at along the way, else the first."""
    if first.trajectory and second.trajectory and first.trajectory != second.trajectory:
        raise SpecError(
            f"{first.name} and {second.name} are one training with unlike checkpoints",
            "give both the same log_checkpoints and even_checkpoints",
        )
    return second if second.trajectory and not first.trajectory else first


def _resolve(entry: ModelEntry, trajectory: TrajectorySpec) -> list[Base]:
    if isinstance(entry.source, StepsModel):
        return [_twin(entry, base) for base in _stepped(entry, entry.source)]
    if isinstance(entry.source, PretrainSpec):
        return [_twin(entry, _trained(entry, entry.source, trajectory))]
    return [_twin(entry, _loaded(entry, entry.source))]


def _twin(entry: ModelEntry, base: Base) -> Base:
    """A base's untrained twin where the entry asks for it, else itself; the run's course is not the twin's."""
    if entry.untrained is None:
        return base
    identity = {"untrained": entry.untrained, "of": base.identity}
    where = {**base.where, "untrained": entry.untrained}
    named = base.name == entry.name and entry.configuration is None  # by the user, for this one model
    name = base.name if named else f"{base.name}-untrained{entry.untrained}"
    factors = {**base.factors, "untrained": entry.untrained}  # its training choices are of its trained twin
    return replace(base, name=name, identity=identity, where=where, factors=factors, trajectory=None)


def training_identity(spec: PretrainSpec) -> dict[str, Any]:
    """What makes a trained model the model it is: every setting that moves its weights, and the corpus's content."""
    from lmgeo.data.corpora import corpus_identity

    training = {name: value for name, value in decisive(spec).items() if name != "corpus"}
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


def _stepped(entry: ModelEntry, source: StepsModel) -> list[Base]:
    """A base for each step of a suite; of a suite on the hub, one configuration a run is all that is downloaded."""
    from lmgeo.models.content import CONFIG, block_count, content, family
    from lmgeo.models.suite import chosen_steps, fetched, open_suite

    suite, budget = open_suite(source.steps), int(source.budget_gb * 1e9)
    label = entry.name or suite.label
    anatomies: dict[str, tuple[str, int]] = {}
    bases = []
    for step in chosen_steps(suite, source.only, source.every):
        if step.run not in anatomies:
            with fetched(step, budget, [CONFIG]) as path:
                anatomies[step.run] = family(path), block_count(path)
        named, layers = anatomies[step.run]
        if isinstance(step.place, Path):
            identity: dict[str, Any] = {"content": content(step.place)}
            where: dict[str, Any] = {"path": str(step.place.resolve())}
        else:
            identity = {"hub": {"repo": step.place.repo, "commit": step.place.commit}}
            where = {"hf": step.place.repo, "revision": step.place.commit, "label": step.label, "budget": budget}
        factors = {"run": f"{label}/{step.run}" if step.run else label, "step": step.step}
        name = f"{label}@{step.label}"
        bases.append(Base(name, entry.family or named, identity, where, layers, {}, None, factors))
    return bases


def _unique_names(bases: list[Base]) -> list[str]:
    """Names as given, with the choices that differ added where a name stands for several models."""
    namesakes: dict[str, list[dict[str, Any]]] = {}
    for base in bases:
        namesakes.setdefault(base.name, []).append(base.choices)
    unlike = {name: varied(choices) for name, choices in namesakes.items()}
    result = []
    for base in bases:
        own = told(base.choices)
        said = ",".join(f"{k}={own[k]}" for k in unlike[base.name] if k in own)
        result.append(f"{base.name}({said})" if said else base.name)
    return [n if result.count(n) == 1 else f"{n}#{result[: i + 1].count(n)}" for i, n in enumerate(result)]


def _renamed(base: Base, name: str) -> Base:
    cell = None if base.cell is None else replace(base.cell, label=f"train {name}")
    return replace(base, name=name, cell=cell)
