"""How far the measures say the same: their rank correlations, an order, and a number of dimensions."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmgeo.analysis.data import Data
from lmgeo.analysis.one_thread import one_thread
from lmgeo.analysis.rank_matrix import rank_matrix, unit_ranks
from lmgeo.analysis.rows import LEAST_ROWS, is_constant
from lmgeo.core.arrays import Float, ndarray
from lmgeo.numerics.parallel_analysis import chance_eigenvalues, dimensions

LEAST_COMPLETE = 10  # rows with every measure, for a number of dimensions
MOST_SHOWN = 400  # measures whose whole matrix is given
_MOST_ORDERED = 200  # measures whose leaves are put in the best order; the time grows with the third power


def alignment(data: Data) -> dict[str, Any] | None:
    """Spearman's correlation of every two measures, an order that puts like beside like, and dimensions.

    `spearman` is over the rows that have both measures (null where there are fewer than three);
    `order` is that of an average-linkage clustering on 1 − |ρ|. `eigenvalues` are of the rank
    correlation matrix of the `n` rows that have every measure, `thresholds` the 95th percentiles of
    those of independent columns, and `dimensions` how many of the first exceed theirs (parallel
    analysis). Measures that are constant, or have fewer than three values, are left out. None with
    fewer than two measures.
    """
    usable = {name: values for name, values in data.measures.items() if _varies(values)}
    if len(usable) < 2:
        return None
    with one_thread():
        matrix, anew = rank_matrix(usable)
        found = _dimensions(usable, data.seed)
    remarks = [found.pop("reason", None)]
    if len(usable) > MOST_SHOWN:
        remarks.append(f"{len(usable)} measures: the matrix is given for {MOST_SHOWN} at most")
    if not anew:
        remarks.append("each measure is ranked once over all its rows, not anew for every pair")
    spearman = _plain(matrix) if len(usable) <= MOST_SHOWN else None
    entry = {"measures": list(usable), "spearman": spearman, "order": _order(list(usable), matrix), **found}
    said = "; ".join(remark for remark in remarks if remark)
    return {**entry, "reason": said} if said else entry


def _varies(values: Float[ndarray, " n"]) -> bool:
    present = values[np.isfinite(values)]
    return len(present) >= LEAST_ROWS and not is_constant(present)


def _dimensions(measures: dict[str, ndarray], seed: int) -> dict[str, Any]:
    values = np.column_stack(list(measures.values()))
    present = np.isfinite(values)
    rows = values[present.all(axis=1)]
    empty = {"n": len(rows), "eigenvalues": None, "thresholds": None, "dimensions": None}
    if len(rows) < LEAST_COMPLETE:
        fewest = list(measures)[int(np.argmin(present.sum(axis=0)))]
        few = f"{len(rows)} rows have every measure, {LEAST_COMPLETE} are needed; {fewest!r} has the fewest values"
        return {**empty, "reason": f"no dimensions: {few}"}
    ranks = unit_ranks(rows)
    flat = [name for name, column in zip(measures, ranks.T, strict=True) if not column.any()]
    if flat:
        return {**empty, "reason": f"no dimensions: {flat[0]!r} is constant on the rows that have every measure"}
    eigenvalues = np.maximum(np.linalg.eigvalsh(ranks.T @ ranks)[::-1], 0.0)
    thresholds = chance_eigenvalues(len(rows), len(measures), seed)
    return {
        "n": len(rows),
        "eigenvalues": eigenvalues.tolist(),
        "thresholds": thresholds.tolist(),
        "dimensions": dimensions(eigenvalues, thresholds),
    }


def _order(names: list[str], matrix: Float[ndarray, "m m"]) -> list[str]:
    """Leaves of the clustering; rounded first, so that pairs alike but for rounding are ties."""
    from scipy.cluster.hierarchy import leaves_list, linkage
    from scipy.spatial.distance import squareform

    apart = np.round(1.0 - np.abs(np.nan_to_num(matrix)), 12)
    np.fill_diagonal(apart, 0.0)
    tree = linkage(squareform(apart, checks=False), "average", optimal_ordering=len(names) <= _MOST_ORDERED)
    return [names[i] for i in leaves_list(tree)]


def _plain(matrix: Float[ndarray, "m m"]) -> list[list[float | None]]:
    return [[float(r) if np.isfinite(r) else None for r in row] for row in matrix]
