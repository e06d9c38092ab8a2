"""The page of all measures, made from their declarations: `make docs` writes it, a test keeps it in step."""

from __future__ import annotations

import math
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lmgeo.measures.declare import Measure

_HEAD = """# Measures
Made by `make docs` from the declarations in `src/lmgeo/measures/`; edit those.

X is a cloud: n rows of d columns, one token vector a row. λ₁ ≥ … ≥ λ_d are the eigenvalues of XcᵀXc/(n − 1), Xc being
X less its column means; σ = √λ; r = min(n, d). Logarithms are natural. **Clouds are centred, weight matrices are
not**: of a matrix W the same names mean λ = σ(W)², unless `--centre` is asked for; only `isoscore` always centres.
`effective_rank` and `effective_rank_cov` differ (σ against λ), and others call both "effective rank".

*Unchanged by* says which changes of a cloud leave the value as it is: a **shift** of all rows, a **rotation** of
space, one **scale** for all, or every row taken again (**duplicate**: where r is in the formula, once n ≥ d); tests
hold the declarations to it. A value that cannot be had is null with a reason. A value of a cloud carries a spread where
there are rows or seeds enough: its standard error over groups of sequences, or for the cells of a quantizer the
standard deviation over its seeds.
"""
_CELLS = """A quantizer has M codebooks of K cells; h counts the n rows of a cell, x̂ is a decoded row. Each measure is
taken of three quantizers: **product** (`pq_`), **additive** by local search (`lsq_`) and **residual** (`rq_`); a
rotation acts on the last two only as another seed does. A value belongs to its protocol (below), and values of
different protocols are not to be compared: training rows, iterations, centring and the number of rows each move them
by more than the seed does.
"""
_COMPARED = """By `lmgeo compare`. Rows of X and Y pair: the same tokens in two models or at two sites.
"""
_PROTOCOLS = """## Protocols
Settings of the quantizers, by name: `--protocol NAME`, or with some of them changed,
`--protocol 'default(bits=6,codebooks=2)'`. In a study `protocol:` takes the same, and a list of them is an axis.
`none` of training rows means all; of seeds, the library's own fixed one, once.
"""
_INTROS = {"Cells of a quantizer": _CELLS, "Two models or two layers": _COMPARED}


def measures_page() -> str:
    """The page as Markdown: each measure with definition, formula, unit, range, direction, invariances and source."""
    from lmgeo.measures.declare import COMPARISONS, MEASURES
    from lmgeo.measures.families import families, family

    own = [m for registry in (MEASURES, COMPARISONS) for _, m in registry.items() if not m.origin]
    parts = [_HEAD]
    for name in families():
        members = [m for m in own if family(m) == name]
        if members:
            parts.append(f"## {name}\n{_INTROS.get(name, '')}\n{_table(members)}")
    return "\n".join([*parts, _PROTOCOLS, _protocols()]) + "\n"


def write_page(path: str | Path) -> None:
    """Write the page to a file."""
    from lmgeo.core.files import write_text

    write_text(Path(path), measures_page())


def range_text(bounds: Iterable[object]) -> str:
    """`0 … min(n−1, d)`, `≥ 0`, `≤ 0` or `any`."""
    low, high = (_bound(bound) for bound in bounds)
    if low and high:
        return f"{low} … {high}"
    return f"≥ {low}" if low else f"≤ {high}" if high else "any"


def _bound(bound: object) -> str:
    if bound is None:
        return ""
    if isinstance(bound, str):
        return bound.replace("^2", "²").replace("-", "−")
    number = float(str(bound))
    return "π" if number == math.pi else f"{number:g}".replace("-", "−")


def _table(members: list[Measure]) -> str:
    heads = ["name", "what it is", "unit", "range", "higher means", "unchanged by", "of", "source", "version"]
    return _markdown(heads, [_row(same) for same in _by_definition(members)])


def _by_definition(members: list[Measure]) -> list[list[Measure]]:
    """Measures that one function gives under several prefixes are one row."""
    found: dict[str, list[Measure]] = {}
    for m in members:
        found.setdefault(m.definition, []).append(m)
    return list(found.values())


def _row(same: list[Measure]) -> list[str]:
    from lmgeo.measures.declare import COMPARISONS

    m = same[0]
    what = f"{m.definition}<br>`{m.formula}`" if m.formula else m.definition
    of = "pairs" if m.name in COMPARISONS else ", ".join(["clouds"] * m.cloud + ["matrices"] * m.matrix)
    names = "<br>".join(f"`{other.name}`" for other in same)
    higher = m.direction.removeprefix("higher = ")
    return [names, what, m.unit, range_text(m.range), higher, _kept(same), of, m.cite, str(m.version)]


def _kept(same: list[Measure]) -> str:
    """What leaves the value unchanged; what does so under some of the names only stands in brackets."""
    shared = frozenset.intersection(*(m.keeps for m in same))
    words: list[str] = [kind for kind in ("shift", "rotation", "scale", "duplicate") if kind in shared]
    for kind in sorted(frozenset.union(*(m.keeps for m in same)) - shared):
        names = ", ".join(f"`{m.name.partition('_')[0]}_`" for m in same if kind in m.keeps)
        words.append(f"({kind}: {names})")
    return " ".join(words)


def _protocols() -> str:
    from lmgeo.measures.protocols import PROTOCOLS

    settings = {name: p.resolved() for name, (p, _) in PROTOCOLS.items()}
    fields = [field for field in next(iter(settings.values())) if field != "name"]
    rows = [[f"`{field}`", *(_plain(settings[name][field]) for name in settings)] for field in fields]
    lines = "\n".join(f"- `{name}`: {text}." for name, (_, text) in PROTOCOLS.items())
    return f"{lines}\n\n{_markdown(['setting', *(f'`{name}`' for name in settings)], rows)}"


def _plain(value: object) -> str:
    if value is None or isinstance(value, bool):
        return {None: "none", True: "true", False: "false"}[value]
    return f"{value:,}" if isinstance(value, int) else str(value)


def _markdown(heads: list[str], rows: list[list[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines) + "\n"
