"""A study: YAML in, a validated spec out, every grid written out."""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass, field, replace
from typing import Any

from lmgeo.core.errors import SpecError, suggestion
from lmgeo.core.spec.base import MOST_THREADS, S, expand_axes, one_kind, validate
from lmgeo.core.spec.blocks import AnalyzeSpec, EvaluateSpec, MeasureSpec, RepresentSpec
from lmgeo.core.spec.document import Document, KeyPath
from lmgeo.core.spec.losses import LossesSpec
from lmgeo.core.spec.model import HubModel, PathModel, PretrainSpec
from lmgeo.core.spec.steps import StepsModel
from lmgeo.core.spec.suite import suite_runs
from lmgeo.core.spec.trajectory import TrajectorySpec

SOURCES: dict[str, type[PretrainSpec | PathModel | HubModel | StepsModel]] = {
    "pretrain": PretrainSpec,
    "path": PathModel,
    "hf": HubModel,
    "steps": StepsModel,
}
SUITE = "suite"
_BLOCKS = (
    "name", "threads", "models", "trajectory", "perturb", "represent", "measure", "vary", "evaluate", "losses",
    "analyze",
)  # fmt: skip
_VARIED = ("represent", "measure")
_MODEL_KEYS = (*SOURCES, SUITE, "name", "family", "untrained")


@dataclass(frozen=True)
class ModelEntry:
    """One base model of a study.

    Attributes:
        source: how it is had.
        name: the user's name for it, or None.
        family: the user's family name, or None for the architecture's.
        untrained: take its random initialisation instead, with this seed; None: as trained.
        configuration: of a suite's run, what sets it apart from the suite's base; None outside suites.
    """

    source: PretrainSpec | PathModel | HubModel | StepsModel
    name: str | None = None
    family: str | None = None
    untrained: int | None = None
    configuration: str | None = None


@dataclass(frozen=True)
class StudySpec:
    """A study with every axis expanded; the plan is its product.

    `perturb` blocks stay raw here: what settings a kind takes is known to `perturb/`. `vary` holds
    further grids of text and measures, each beside the study's own: one setting changed at a time.
    `trajectory` is what is looked at along training, where a training spec has checkpoints.
    """

    name: str
    models: list[ModelEntry]
    perturb: list[tuple[str, Any, KeyPath]]
    represent: list[RepresentSpec]
    measure: list[MeasureSpec]
    vary: list[tuple[list[RepresentSpec], list[MeasureSpec]]]
    evaluate: list[EvaluateSpec]
    losses: LossesSpec | None
    trajectory: TrajectorySpec
    analyze: AnalyzeSpec
    threads: int
    document: Document = field(repr=False)

    @property
    def settings(self) -> list[tuple[RepresentSpec, MeasureSpec]]:
        """Every text with the measures taken of it: the product of the two blocks, then those of `vary`."""
        return [pair for grid in ((self.represent, self.measure), *self.vary) for pair in itertools.product(*grid)]


def parse_study(document: Document, perturbations: list[str]) -> StudySpec:
    """Validate a study document.

    Args:
        document: as read from YAML.
        perturbations: the names of the kinds there are.

    Raises:
        SpecError, UnknownName: with the line and the near name.
    """
    raw = document.value
    if not isinstance(raw, dict):
        raise SpecError(f"{document.source} holds no study", f"give the blocks: {', '.join(_BLOCKS)}")
    for key in raw:
        if key not in _BLOCKS:
            raise SpecError(f"{document.where((key,))}: unknown key {key!r}", suggestion(key, _BLOCKS))
    name = _name(raw, document)
    evaluate, losses = raw.get("evaluate"), raw.get("losses")
    return StudySpec(
        name=name,
        models=_models(_list_of(raw, "models", document, required=True), document),
        perturb=_perturbations(_list_of(raw, "perturb", document), perturbations, document),
        represent=expand_axes(RepresentSpec, _block(raw, "represent"), document, ("represent",)),
        measure=expand_axes(MeasureSpec, _block(raw, "measure"), document, ("measure",)),
        vary=_variations(raw, document),
        evaluate=[] if evaluate is None else expand_axes(EvaluateSpec, evaluate, document, ("evaluate",)),
        losses=None if losses is None else validate(LossesSpec, losses, document, ("losses",)),
        trajectory=validate(TrajectorySpec, _block(raw, "trajectory"), document, ("trajectory",)),
        analyze=validate(AnalyzeSpec, _block(raw, "analyze"), document, ("analyze",)),
        threads=_threads(raw.get("threads", 2), document),
        document=document,
    )


def _name(raw: dict[str, Any], document: Document) -> str:
    name = raw.get("name")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name):
        raise SpecError(
            f"{document.where(('name',))} is {name!r}", "give the study a name of letters, digits, '-', '_' and '.'"
        )
    return name


def _block(raw: dict[str, Any], key: str) -> Any:
    """A block that may be left out, or left empty."""
    return {} if raw.get(key) is None else raw[key]


def _threads(value: Any, document: Document) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= MOST_THREADS:
        mend = f"give the threads of a worker: 1 or more, {MOST_THREADS} at most"
        raise SpecError(f"{document.where(('threads',))} is {value!r}", mend)
    return value


def _list_of(raw: dict[str, Any], key: str, document: Document, required: bool = False) -> list[Any]:
    value = raw.get(key, [])
    if not isinstance(value, list):
        raise SpecError(f"{document.where((key,))} is not a list", f"start each entry of {key!r} with '- '")
    if required and not value:
        raise SpecError(f"{document.where((key,))} is missing or empty", f"give at least one entry under {key!r}")
    return value


def _models(entries: list[Any], document: Document) -> list[ModelEntry]:
    models: list[ModelEntry] = []
    for i, entry in enumerate(entries):
        path: KeyPath = ("models", i)
        kind = one_kind(entry, [*SOURCES, SUITE], document, path, "model source")
        known = (*_MODEL_KEYS, *_beside(kind))
        for key in entry:
            if key not in known:
                raise SpecError(f"{document.where((*path, key))}: unknown key {key!r}", suggestion(key, known))
        twins = entry.get("untrained")
        if twins == []:
            raise SpecError(f"{document.where((*path, 'untrained'))} is an empty list", "give at least one seed")
        for model in _sources(entry, kind, document, path):
            for twin in twins if isinstance(twins, list) else [twins]:
                models.append(replace(model, untrained=_twin(twin, document, path)))
    return models


def _beside(kind: str) -> list[str]:
    """What stands beside the rest of an entry: of all sources that do not take a block of their own."""
    return [] if kind in ("pretrain", SUITE) else list(SOURCES[kind].model_fields)


def _sources(entry: dict[str, Any], kind: str, document: Document, path: KeyPath) -> list[ModelEntry]:
    """The models of one entry, every axis written out."""
    name, family = _label(entry, "name", document, path), _label(entry, "family", document, path)
    if kind == SUITE:
        runs = suite_runs(entry[SUITE], document, (*path, SUITE))
        prefix = f"{name}/" if name else ""
        return [ModelEntry(r.spec, prefix + r.name, family, configuration=r.configuration) for r in runs]
    body = {key: entry[key] for key in _beside(kind) if key in entry} or entry[kind]
    where = (*path, kind) if kind == "pretrain" else path
    return [ModelEntry(source, name, family) for source in expand_axes(SOURCES[kind], body, document, where)]


def _label(entry: dict[str, Any], key: str, document: Document, path: KeyPath) -> str | None:
    value = entry.get(key)
    if value is None or (isinstance(value, str) and value):
        return value
    raise SpecError(
        f"{document.where((*path, key))} is {value!r}, not a name", "write it as text, in quotes if need be"
    )


def _twin(value: Any, document: Document, path: KeyPath) -> int | None:
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise SpecError(
        f"{document.where((*path, 'untrained'))} is {value!r}", "give the seed of the random initialisation, e.g. 0"
    )


def _perturbations(entries: list[Any], known: list[str], document: Document) -> list[tuple[str, Any, KeyPath]]:
    found = []
    for i, entry in enumerate(entries):
        path: KeyPath = ("perturb", i)
        kind = one_kind(entry, known, document, path, "perturbation")
        if len(entry) > 1:
            extra = next(k for k in entry if k != kind)
            raise SpecError(f"{document.where((*path, extra))}: unknown key {extra!r}", "write one kind an entry")
        found.append((kind, entry[kind], (*path, kind)))
    return found


def _variations(raw: dict[str, Any], document: Document) -> list[tuple[list[RepresentSpec], list[MeasureSpec]]]:
    """Each entry of `vary`: the study's own blocks with the entry's keys in place of theirs."""
    found = []
    for i, entry in enumerate(_list_of(raw, "vary", document)):
        path: KeyPath = ("vary", i)
        if not isinstance(entry, dict) or not entry:
            raise SpecError(f"{document.where(path)} is {entry!r}, not a block", f"give {' or '.join(_VARIED)}")
        for key in entry:
            if key not in _VARIED:
                raise SpecError(f"{document.where((*path, key))}: unknown key {key!r}", suggestion(key, _VARIED))
        texts = _varied(RepresentSpec, "represent", raw, entry, document, path)
        found.append((texts, _varied(MeasureSpec, "measure", raw, entry, document, path)))
    return found


def _varied(
    spec: type[S], key: str, raw: dict[str, Any], entry: dict[str, Any], document: Document, path: KeyPath
) -> list[S]:
    changes = _block(entry, key)
    changed = {**_block(raw, key), **changes} if isinstance(changes, dict) else changes  # else refused, by its place
    return expand_axes(spec, changed, document, (*path, key))
