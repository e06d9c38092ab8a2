"""What there is: measures, comparisons, perturbations, tasks, corpora, studies, protocols."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import UnknownName

if TYPE_CHECKING:
    from lmgeo.core.registry import Registry
    from lmgeo.measures.declare import Measure

Entries = list[dict[str, Any]]


def listing(what: str) -> Entries:
    """One entry a thing, each with `name` and `description`.

    Args:
        what: `measures`, `comparisons`, `perturbations`, `tasks`, `corpora`, `studies` or `protocols`.

    Raises:
        UnknownName: another word.
    """
    if what not in _LISTINGS:
        raise UnknownName.among("listing", what, _LISTINGS)
    return _LISTINGS[what]()


def _measures() -> Entries:
    from lmgeo.measures.declare import MEASURES

    return _declared(MEASURES)


def _comparisons() -> Entries:
    from lmgeo.measures.declare import COMPARISONS

    return _declared(COMPARISONS)


def _declared(registry: Registry[Measure]) -> Entries:
    from lmgeo.measures.families import family

    return [
        {
            "name": name,
            "description": m.definition,
            "unit": m.unit,
            "range": list(m.range),
            "direction": m.direction,
            "keeps": sorted(m.keeps),
            "source": m.cite,
            "version": m.version,
            "formula": m.formula,
            "family": family(m),
            "of": [of for of, is_so in (("cloud", m.cloud), ("matrix", m.matrix)) if is_so],
            "origin": m.origin,
        }
        for name, m in registry.items()
    ]


def _perturbations() -> Entries:
    from lmgeo.perturb.declare import PERTURBATIONS

    return [
        {"name": name, "description": p.description, "settings": list(p.settings.model_fields)}
        for name, p in PERTURBATIONS.items()
    ]


def _tasks() -> Entries:
    from lmgeo.data.tasks import TASKS

    return [
        {"name": name, "description": t.description, "kind": t.kind, "metrics": list(t.metrics)}
        for name, t in TASKS.items()
    ]


def _corpora() -> Entries:
    from lmgeo.data.corpora import CORPORA

    return [{"name": name, "description": f"{k.usage}: {k.description}"} for name, k in CORPORA.items()]


def _studies() -> Entries:
    from lmgeo.api.studies import READY, ready_studies

    # a ready study's first line is a comment that says what it is
    lines = {name: (READY / f"{name}.yaml").read_text().splitlines()[0] for name in ready_studies()}
    return [{"name": name, "description": line.lstrip("# ")} for name, line in lines.items()]


def _protocols() -> Entries:
    from lmgeo.measures.protocols import PROTOCOLS

    return [{"name": n, "description": text, "settings": p.resolved()} for n, (p, text) in PROTOCOLS.items()]


_LISTINGS: dict[str, Callable[[], Entries]] = {
    "measures": _measures,
    "comparisons": _comparisons,
    "perturbations": _perturbations,
    "tasks": _tasks,
    "corpora": _corpora,
    "studies": _studies,
    "protocols": _protocols,
}
