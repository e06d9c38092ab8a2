"""Bases times perturbations: the models of a study, each once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lmgeo.core.identity import content_key
from lmgeo.core.spec.base import Strict, expand_axes
from lmgeo.core.spec.document import located
from lmgeo.core.spec.study import StudySpec
from lmgeo.perturb.declare import PERTURBATIONS
from lmgeo.study.bases import Base
from lmgeo.study.choices import told, varied
from lmgeo.study.perturbing import perturbation_identity


@dataclass(frozen=True)
class Variant:
    """One model to be measured and scored: a base, or a base perturbed.

    Attributes:
        name: `base` or `base|noise(alpha=20,seed=1)`.
        base: where it comes from.
        identity: of its weights; part of every key.
        perturbation: `{"kind", "settings"}`, or None for the base itself.
        factors: the table's columns that tell it from the others.
    """

    name: str
    base: Base
    identity: dict[str, Any]
    perturbation: dict[str, Any] | None
    factors: dict[str, Any]


@dataclass(frozen=True)
class _Point:
    kind: str
    settings: Strict
    identity: dict[str, Any]
    shown: dict[str, Any]


def expand_variants(spec: StudySpec, bases: list[Base]) -> list[Variant]:
    """Every base, then each of its perturbed copies; what leaves a model as it is, is the base."""
    points = _points(spec)
    choices = sorted(varied([base.choices for base in bases if base.choices]))
    variants: dict[str, Variant] = {}
    for base in bases:
        for variant in (_unperturbed(base, choices), *(_perturbed(base, p, choices) for p in points)):
            variants.setdefault(content_key({"name": base.name, **variant.identity}), variant)
    return list(variants.values())


def _points(spec: StudySpec) -> list[_Point]:
    points = []
    for kind, raw, path in spec.perturb:
        perturbation = PERTURBATIONS[kind]
        for settings in expand_axes(perturbation.settings, raw, spec.document, path):
            if not perturbation.is_identity(settings):
                with located(spec.document, path):
                    points.append((kind, settings, perturbation_identity(kind, settings)))
    every = [(kind, settings) for kind, settings, _ in points]
    return [_Point(kind, settings, identity, _shown(kind, settings, every)) for kind, settings, identity in points]


def _shown(kind: str, settings: Strict, every: list[tuple[str, Strict]]) -> dict[str, Any]:
    """The settings that enter a model's name: what has no default, the seed, and what varies."""
    values = settings.resolved()
    same = [other.resolved() for k, other in every if k == kind]
    fields = PERTURBATIONS[kind].settings.model_fields
    return {
        name: value
        for name, value in values.items()
        if fields[name].is_required() or name == "seed" or len({repr(o[name]) for o in same}) > 1
    }


def _base_factors(base: Base, choices: list[str]) -> dict[str, Any]:
    # these name other things in the table, so a training choice of that name says whose it is
    renamed = {name: f"pretrain_{name}" for name in ("corpus", "seed", "tokens")}
    own = told(base.choices)
    trained = {renamed.get(n, n): own.get(n) for n in choices}
    return {"base": base.name, "family": base.family, **base.factors, **trained}


def _unperturbed(base: Base, choices: list[str]) -> Variant:
    factors = {**_base_factors(base, choices), "kind": None, "alpha": 0}
    return Variant(base.name, base, {"base": base.identity, "perturbation": None}, None, factors)


def _perturbed(base: Base, point: _Point, choices: list[str]) -> Variant:
    perturbation = PERTURBATIONS[point.kind]
    described = {"kind": point.kind, "settings": point.settings.resolved()}
    shown = ",".join(f"{k}={short(v)}" for k, v in point.shown.items())
    factors = {**_base_factors(base, choices), "kind": point.kind, **perturbation.factors(point.settings)}
    identity = {"base": base.identity, "perturbation": point.identity}
    return Variant(f"{base.name}|{point.kind}({shown})", base, identity, described, factors)


def short(value: Any) -> str:
    """A setting as it stands in a model's name."""
    return f"{value:g}" if isinstance(value, float) else str(value)
