"""Measures that belong together, for pages and charts."""

from __future__ import annotations

from lmgeo.measures.declare import Measure

# By the file that declares them, in the order in which a reader meets them.
_FAMILIES = {
    "spectral": "Spectrum",
    "decay": "Spectrum",
    "directional": "Directions",
    "isotropy": "Directions",
    "entropic": "Principal axes",
    "neighbours": "Neighbours",
    "quantized": "Cells of a quantizer",
    "weights": "Weight matrices",
    "power_law": "Weight matrices",
    "comparisons": "Two models or two layers",
}
_CELLS = {"pq_": "Product cells", "lsq_": "Additive cells", "rq_": "Residual cells"}
OTHERS = "Others"  # a user's own


def family(declared: Measure) -> str:
    """The family of a measure; `OTHERS` for one of a plugin."""
    if declared.origin:
        return OTHERS
    return _FAMILIES[declared.function.__module__.rpartition(".")[2]]


def chart_family(declared: Measure) -> str:
    """The same, with each quantizer a family of its own."""
    prefix = f"{declared.name.partition('_')[0]}_"
    own = family(declared)
    return _CELLS[prefix] if own == _FAMILIES["quantized"] else own


def families() -> list[str]:
    """Every family, in order, those of charts among them."""
    return [*dict.fromkeys(_FAMILIES.values()), *_CELLS.values(), OTHERS]
