"""How points fill the cells of a quantizer: ten measures of product, additive and residual cells.

A value belongs to its protocol: quantizer, backend, training rows, iterations, seeds, row
order, centring and threads move it, each by more than the seed does.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.declare import MEASURES, Bound, Measure, Valued, measure
from lmgeo.numerics import cells
from lmgeo.numerics.quantizers.local_search import local_search_quantization
from lmgeo.numerics.quantizers.product import product_quantization
from lmgeo.numerics.quantizers.quantization import Quantization
from lmgeo.numerics.quantizers.residual import residual_quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows

Quantizer = Callable[[QuantizerRows, QuantizerProtocol, int | None], Quantization]
QUANTIZERS: dict[str, Quantizer] = {
    "pq_": product_quantization,
    "lsq_": local_search_quantization,
    "rq_": residual_quantization,
}
MARBUT = "Marbut et al. 2024"

Statistic = Callable[[Quantization], float | Valued]


def quantized(
    bounds: tuple[Bound, Bound], direction: str, formula: str, cite: str = MARBUT, shift: bool = True
) -> Callable[[Statistic], Statistic]:
    """Declare a statistic of a quantization for each quantizer.

    Product cells follow the axes; additive and residual ones do not, so a rotation only acts
    on them like another seed.
    """
    keeps = {"scale", "shift"} if shift else {"scale"}

    def register(function: Statistic) -> Statistic:
        for prefix in QUANTIZERS:
            declare = measure(
                state=Quantization,
                unit="1",
                range=bounds,
                keeps=keeps if prefix == "pq_" else keeps | {"rotation"},
                direction=direction,
                cite=cite,
                formula=formula,
                prefixes=(prefix,),
            )
            declare(function)
        return function

    return register


@quantized(
    (0.0, None),
    "higher = points more clumped in few cells; 1 = scattered at random",
    "m*/m with m* = m + V/m − 1, m = n/K, V the variance of a codebook's counts",
    "Lloyd 1967",
)
def patchiness(q: Quantization) -> float:
    """Lloyd's index of the cells' counts: mean crowding over mean, averaged over codebooks."""
    return cells.patchiness(_counts(q))


@quantized(
    (0.0, None),
    "higher = points more clumped in few cells; near 1 by construction",
    "m*/m of all M·K counts h pooled, with m = Σh/K: 1 + (patchiness − 1)/M² − (M − 1)/(M²·n/K)",
)
def patchiness_released(q: Quantization) -> float:
    """Patchiness as the first study's code computes it: counts pooled, with M times their mean."""
    return cells.patchiness_released(_counts(q))


def _counts(q: Quantization) -> np.ndarray:
    """The cells' counts, refused where chance alone made them: equal rows, and cells that all decode them alike."""
    if q.rows.sum_of_squares_centred == 0 and np.count_nonzero(q.counts) > len(q.counts):
        raise NotEnoughData("all rows are the same point, which many cells decode alike", "measure rows that differ")
    return q.counts


@quantized((0.0, None), "higher = cells decode the points worse", "Σe² / Σ‖x‖², e = ‖x − x̂‖", shift=False)
def error(q: Quantization) -> float:
    """Squared quantization error over the squared norms of the rows as the protocol quantizes them."""
    return _ratio(q, q.rows.sum_of_squares)


@quantized((0.0, None), "higher = cells decode the points worse", "Σe² / Σ‖x − x̄‖², e = ‖x − x̂‖")
def error_centred(q: Quantization) -> float:
    """Squared quantization error over the squared distances of the rows from their mean."""
    return _ratio(q, q.rows.sum_of_squares_centred)


def _ratio(q: Quantization, total: float) -> float:
    if total == 0:
        raise NotEnoughData("all rows are the same point", "measure rows that differ")
    return float((q.errors**2).sum()) / total


@quantized((0.0, 1.0), "higher = errors differ more between points", "(Q₇₅(e) − Q₂₅(e)) / max e, e = ‖x − x̂‖")
def error_iqr(q: Quantization) -> float:
    """Interquartile range of the points' errors over the largest error."""
    return cells.error_iqr(q.errors)


@quantized((None, None), "higher = a few points are decoded much worse than most", "m₃/m₂^1.5 of e = ‖x − x̂‖")
def error_skew(q: Quantization) -> float:
    """Skewness of the points' errors."""
    return cells.error_skew(q.errors)


@quantized(
    (0.0, 0.25),
    "higher = centroids spread less evenly",
    "Var(δ²/max δ²), δ a centroid's distance to the nearest other of its codebook, all M·K pooled",
)
def centroid_var(q: Quantization) -> float:
    """Variance of the squared distances of centroids to their nearest, over the largest of them."""
    return cells.centroid_var(q.codebooks)


@quantized((0.0, None), "higher = cells fill less evenly", "Var(p/(1 − p)·(K − 1)), p = h/n, mean over codebooks")
def count_var(q: Quantization) -> float:
    """Variance of the odds that a point lies in a cell, over even odds; averaged over codebooks."""
    return cells.count_var(_counts(q))


@quantized((0.0, None), "higher = cells fill less evenly", "Σ p log(K·p), p = h/n, mean over codebooks")
def count_kl(q: Quantization) -> float:
    """Kullback–Leibler divergence of the cells' shares from even ones; averaged over codebooks."""
    return cells.count_kl(_counts(q))


@quantized(
    (0.0, 1.0),
    "higher = cells are flatter; two rows always give 0.25",
    "mean of eee over the cells of two distinct rows or more",
)
def cell_eee(q: Quantization) -> Valued:
    """Mean over cells of the early enrichment of the distinct rows in each."""
    value, left_out = cells.cell_eee(q.rows.values, q.rows.ids, q.codes, q.details["threads"])
    return Valued(value, {"cells_left_out": left_out})


def quantized_measurements(
    X: np.ndarray,
    names: Sequence[str],
    protocol: QuantizerProtocol,
    seed: int,
    progress: Progress = silent,
    device: str = "cpu",
) -> dict[str, Measurement]:
    """The quantized measures called `names` of the cloud `X`: each quantizer runs once a seed.

    Args:
        X: (n, d) finite rows.
        names: of this file's measures, with their prefix.
        protocol: the settings; part of a result's identity.
        seed: S; the row order follows S, the quantizers S+1, S+2, …
        device: where the backend `torch` works.

    Returns:
        For each name the mean over seeds with its spread (standard deviation, ddof 1), or null
        with the reason.
    """
    n, d = X.shape
    if n < protocol.cells:
        reason = f"{n} rows are fewer than the {protocol.cells} cells of a codebook; measure more rows"
        return {name: MEASURES[name].missing(reason, n, d) for name in names}
    rows = QuantizerRows.of(X, protocol, seed, device)
    seeds = [None] if protocol.seeds is None else [seed + 1 + i for i in range(protocol.seeds)]
    used = {prefix: [m for m in names if m.startswith(prefix)] for prefix in QUANTIZERS}
    runs = [(prefix, s) for prefix, wanted in used.items() if wanted for s in seeds]
    outcomes: dict[str, list[Valued | str]] = {name: [] for name in names}
    for done, (prefix, s) in enumerate(runs):
        progress("quantize", done, len(runs))
        quantization = QUANTIZERS[prefix](rows, protocol, s)
        for name in used[prefix]:
            outcomes[name].append(_outcome(MEASURES[name], quantization))
    progress("quantize", len(runs), len(runs))
    return {name: _summary(MEASURES[name], outcomes[name], (n, d), protocol) for name in names}


def _outcome(declared: Measure, q: Quantization) -> Valued | str:
    """A value with its details, or the reason why there is none."""
    try:
        result = declared.function(q)
    except NotEnoughData as error:
        return f"{error.what}; {error.mend}"
    valued = result if isinstance(result, Valued) else Valued(float(result))
    if not math.isfinite(valued.value):
        return "the quantizer did not converge to finite codebooks"
    return Valued(valued.value, {**q.details, **valued.details})


def _summary(
    declared: Measure, outcomes: Sequence[Valued | str], shape: tuple[int, int], protocol: QuantizerProtocol
) -> Measurement:
    for outcome in outcomes:
        if isinstance(outcome, str):
            return declared.missing(outcome, *shape)
    valued = [o for o in outcomes if isinstance(o, Valued)]
    values = [v.value for v in valued]
    details = {key: _joined([v.details[key] for v in valued]) for key in valued[0].details}
    details.update(protocol=protocol.name, values=values)
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    measured = declared.measurement(Valued(float(np.mean(values)), details), *shape, spread=spread, seeds=len(values))
    return dataclasses.replace(measured, range=_limits(declared, shape[0], protocol))


def _joined(values: list[Any]) -> Any:
    """What all seeds share, once; else a list."""
    return values[0] if all(v == values[0] for v in values) else values


def _limits(declared: Measure, n: int, protocol: QuantizerProtocol) -> tuple[float | None, float | None]:
    """The range of a measure where it hangs on the number of cells and rows."""
    M, K = protocol.codebooks, protocol.cells
    mean = n / K
    limits = {
        "patchiness": (1 - 1 / mean, K - 1 / mean),
        "patchiness_released": (1 - 1 / (M * mean), 1 + (K - 1) / M**2 - 1 / (M * mean)),
        "count_kl": (0.0, math.log(K)),
    }
    return limits.get(declared.name.split("_", 1)[1], declared.limits(n, 1))
