"""From a study's spec to its plan: every cell with its key, every row of the table to come.

The plan is plain JSON and lives in the store, so that `status` can count what is missing and
`table` can lay out the rows without knowing how anything is computed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from itertools import product
from typing import Any

from lmgeo.core.identity import content_key
from lmgeo.core.spec.blocks import EvaluateSpec, FinetuneSpec
from lmgeo.core.spec.document import located
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.core.spec.study import StudySpec
from lmgeo.study.bases import Base, resolve_bases
from lmgeo.study.cells import Cell, Wanted, measure_key, score_key
from lmgeo.study.losses import Part, parts_of, planned
from lmgeo.study.settings import Setting, Text, by_text, resolve_settings
from lmgeo.study.trajectory import check_trajectory
from lmgeo.study.variants import Variant, expand_variants, short
from lmgeo.study.wanted import task_identities, wanted_sites

PLAN_FORMAT = 1


@dataclass(frozen=True)
class Plan:
    """All that a study will do.

    Attributes:
        name: the study's.
        study: its blocks as written, with overrides applied; what a reader repeats.
        cells: the work, trained models first.
        rows: the table's rows: model, factors, and the result keys of each column.
        analyze: the analysis asked for.
        threads: of each worker.
        plugins: the files of measures it was made with: path and hash of each.
        notes: what a reader of the study should know; not kept.
    """

    name: str
    study: dict[str, Any]
    cells: list[Cell]
    rows: list[dict[str, Any]]
    analyze: dict[str, Any]
    threads: int
    plugins: list[dict[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, as kept under `plans/`."""
        return {
            "format": PLAN_FORMAT,
            "name": self.name,
            "study": self.study,
            "threads": self.threads,
            "analyze": self.analyze,
            "plugins": self.plugins,
            "cells": [cell.to_json() for cell in self.cells],
            "rows": self.rows,
        }


@dataclass(frozen=True)
class _Scoring:
    """One point of the evaluate block's grid: settings, its tasks' identities, what tells it from the others."""

    spec: EvaluateSpec
    tasks: dict[str, dict[str, Any]]
    factors: dict[str, Any]

    def keys(self, variant: Variant) -> dict[str, dict[str, int]]:
        """For each task the score keys, each with its fine-tuning seed."""
        settings = score_settings(self.spec)
        return {
            task: {score_key(variant.identity, identity, settings, seed): seed for seed in self.spec.seeds}
            for task, identity in self.tasks.items()
        }

    def cells(self, variant: Variant) -> Iterator[Cell]:
        """The cells that score one variant."""
        for task, keys in self.keys(variant).items():
            for key, seed in keys.items():
                described = {"task": task, "task_identity": self.tasks[task], "seed": seed}
                spec = {**_work(variant), **described, "evaluate": self.spec.resolved()}
                label = f"score {variant.name} on {task}, seed {seed}"
                yield Cell(key, "evaluate", label, spec, [Wanted(key, "score", task)], _needs(variant.base))


def _scorings(specs: list[EvaluateSpec]) -> list[_Scoring]:
    settings = [score_settings(spec) for spec in specs]
    varied = [name for name in (settings[0] if settings else {}) if len({repr(s[name]) for s in settings}) > 1]
    return [
        _Scoring(spec, task_identities(spec), {f"finetune_{name}": own[name] for name in varied})
        for spec, own in zip(specs, settings, strict=True)
    ]


def build_plan(spec: StudySpec) -> Plan:
    """Resolve models, corpora, tasks and measures, and lay out cells and rows.

    Raises:
        SpecError, UnknownName: anything named in the study that is not there.
    """
    trainings = [entry.source for entry in spec.models if isinstance(entry.source, PretrainSpec)]
    with located(spec.document, ("trajectory",)):
        check_trajectory(spec.trajectory, trainings, spec.document.value.get("trajectory") is not None)
    with located(spec.document, ("models",)):
        bases, notes = resolve_bases(spec.models, spec.trajectory)
    cells = {base.cell.key: base.cell for base in bases if base.cell is not None}
    variants = expand_variants(spec, bases)
    columns = _Columns(spec, bases)
    rows: list[dict[str, Any]] = []
    for variant in variants:
        for cell in columns.cells(variant):
            cells.setdefault(cell.key, cell)
        rows.extend(columns.rows(variant))
    work, asked = list(cells.values()), spec.analyze.resolved()
    return Plan(spec.name, spec.document.value, work, rows, asked, spec.threads, notes=notes)


class _Columns:
    """What is measured of each variant: the same for all, so resolved once."""

    def __init__(self, spec: StudySpec, bases: list[Base]) -> None:
        self.settings = resolve_settings(spec, bases)
        self.where = spec.document.where(("represent", "sites"))
        self.losses, self.document = spec.losses, spec.document
        self._parts: dict[str, list[Part]] = {}
        with located(spec.document, ("evaluate",)):
            self.scorings = _scorings(spec.evaluate)

    def cells(self, variant: Variant) -> Iterator[Cell]:
        """The cells of one variant: one pass over each text for all that is measured of it."""
        for settings in by_text(self.settings):
            wanted = [w for setting in settings for w in self._site_results(variant, setting)]
            yield _measure_cell(variant, settings[0].text, wanted, settings)
        matrices = [w for setting in self.settings for w in self._matrix_results(variant, setting)]
        if matrices:
            yield _measure_cell(variant, None, matrices, self.settings)
        for scoring in self.scorings:
            yield from scoring.cells(variant)
        yield from self._loss_cells(variant)

    def rows(self, variant: Variant) -> Iterator[dict[str, Any]]:
        """The table's rows of one variant: one for each setting of text, measuring and fine-tuning."""
        rows: dict[str, dict[str, Any]] = {}
        for setting, scoring in self._points():
            wanted = [*self._site_results(variant, setting), *self._matrix_results(variant, setting)]
            factors = self._factors(setting, scoring)
            scores = scoring.keys(variant) if scoring else {}
            name = variant.name + self._suffix(factors)
            # settings that differ in sites or measures alone are one row with the columns of both
            columns = rows[name]["measures"] if name in rows else {}
            rows[name] = {
                "model": name,
                "factors": {**variant.factors, **factors},
                "measures": {**columns, **{f"{w.object}.{w.name}": w.key for w in wanted}},
                "scores": {**{task: list(keys) for task, keys in scores.items()}, **self._losses_of(variant)},
                "training": variant.base.cell.key if variant.base.cell else None,
                "trajectory": variant.base.trajectory,
            }
        yield from rows.values()

    def _loss_cells(self, variant: Variant) -> Iterator[Cell]:
        """One cell for all losses of one variant: they share the model and the text."""
        if self.losses is None:
            return
        wanted = list(planned(self._loss_parts(variant), variant))
        spec = {
            **_work(variant),
            "losses": self.losses.resolved(),
            "parts": [asdict(part) for part in self._loss_parts(variant)],
            "training": variant.base.choices or None,
        }
        # whatever losses are asked for: those that are there are found under it when others come to be wanted
        key = content_key({"variant": variant.identity, "losses": True})
        yield Cell(key, "losses", f"losses of {variant.name}", spec, wanted, _needs(variant.base))

    def _loss_parts(self, variant: Variant) -> list[Part]:
        """What is done to one variant for its losses, worked out once."""
        if self.losses is None:
            return []
        if variant.name not in self._parts:
            with located(self.document, ("losses",)):
                self._parts[variant.name] = parts_of(self.losses, variant)
        return self._parts[variant.name]

    def _losses_of(self, variant: Variant) -> dict[str, list[str]]:
        """The keys of each loss, one a seed."""
        found: dict[str, list[str]] = {}
        for wanted in planned(self._loss_parts(variant), variant):
            found.setdefault(wanted.name, []).append(wanted.key)
        return found

    def _points(self) -> Iterator[tuple[Setting, _Scoring | None]]:
        scorings: list[_Scoring | None] = [*self.scorings] or [None]
        return product(self.settings, scorings)

    def _factors(self, setting: Setting, scoring: _Scoring | None) -> dict[str, Any]:
        return {**setting.factors, **(scoring.factors if scoring else {})}

    def _suffix(self, factors: dict[str, Any]) -> str:
        every = [self._factors(*point) for point in self._points()]
        varied = {k: v for k, v in factors.items() if len({repr(o[k]) for o in every}) > 1}
        return "".join(f"|{k}={short(v)}" for k, v in varied.items())

    def _site_results(self, variant: Variant, setting: Setting) -> Iterator[Wanted]:
        for site in wanted_sites(setting.sites, variant.base.layers, self.where):
            for measure in setting.of_sites:
                key = measure_key(variant.identity, setting.text.identity, site, measure)
                yield Wanted(key, site, measure["name"], setting.measure.protocol)

    def _matrix_results(self, variant: Variant, setting: Setting) -> Iterator[Wanted]:
        for matrix in setting.matrices[variant.base.name]:
            for measure in setting.of_matrices:
                key = measure_key(variant.identity, None, matrix, measure)
                yield Wanted(key, matrix, measure["name"], setting.measure.protocol)


def score_settings(evaluate: EvaluateSpec) -> dict[str, Any]:
    """What of an evaluate block enters a score's key."""
    names = [*FinetuneSpec.model_fields, "train_examples", "eval_examples"]
    return {name: value for name, value in evaluate.resolved().items() if name in names}


def _measure_cell(variant: Variant, text: Text | None, wanted: list[Wanted], settings: list[Setting]) -> Cell:
    unique = list({w.key: w for w in wanted}.values())
    of = "weights" if text is None else f"{text.spec.sequences} sequences"
    key = content_key({"variant": variant.identity, "sampling": None if text is None else text.identity})
    represent = None
    if text is not None:
        sites = dict.fromkeys(site for setting in settings for site in setting.sites)
        represent = {**text.spec.resolved(), "sites": list(sites)}
    described = {"represent": represent, "sampling": None if text is None else text.identity}
    blocks = {content_key(s.measure.resolved()): s.measure.resolved() for s in settings}
    spec = {**_work(variant), **described, "measure": list(blocks.values())}
    return Cell(key, "measure", f"measure {variant.name}, {of}", spec, unique, _needs(variant.base))


def _work(variant: Variant) -> dict[str, Any]:
    """What a worker needs to have the model; the identity goes along for the record."""
    return {
        "name": variant.name,
        "where": variant.base.where,
        "perturbation": variant.perturbation,
        "identity": variant.identity,
    }


def _needs(base: Base) -> list[str]:
    return [base.cell.key] if base.cell else []
