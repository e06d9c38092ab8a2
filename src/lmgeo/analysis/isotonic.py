"""How much of the target a measure explains by order alone: the best rising or falling steps."""

from __future__ import annotations

import numpy as np

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.core.arrays import Float, ndarray


def monotone_r2(x: Float[ndarray, " n"], y: Float[ndarray, " n"]) -> float:
    """R² of the better of the rising and the falling least-squares step function of y on x, 0 … 1.

    Rows of equal x get one value. The fit is scored on the rows it was fitted to, and so is above zero for
    unrelated columns too.

    Args:
        x: a column that varies.
        y: a column that varies, at mean 0 and variance 1.

    Source: Barlow, Bartholomew, Bremner & Brunk 1972.
    """
    from scipy.optimize import isotonic_regression

    ranked = Ranked.of(x)
    rows, sums = (ranked.runs(column[:, None])[:, 0] for column in (np.ones_like(y), y))
    fits = (isotonic_regression(sums / rows, weights=rows, increasing=rising).x for rising in (True, False))
    return float(min(1.0, max(np.sum(rows * fit**2) for fit in fits) / np.sum(y**2)))
