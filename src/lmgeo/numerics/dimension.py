"""Intrinsic dimension from distances to nearest neighbours; 0 distances are for the caller to leave out."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.neighbours import TIED

DROPPED = 10  # one ratio in so many, the greatest: their tail is the least reliable


def two_nearest(first: Float64[ndarray, " n"], second: Float64[ndarray, " n"]) -> float:
    """Slope through the origin of −log(1 − F) on log(second/first), the greatest tenth of the ratios left out.

    F of the i-th ratio in order is (i − 1)/n, n before the greatest are left out.

    Raises:
        NotEnoughData: the ratios that stay are all 1, as far as rounding tells.

    Source: Facco et al. 2017, "Estimating the intrinsic dimension of datasets by a minimal
    neighborhood information".
    """
    n = len(first)
    x = np.sort(np.log(second / first))[: n - -(-n // DROPPED)]
    y = -np.log1p(-np.arange(len(x)) / n)
    if x[-1] <= TIED:
        raise NotEnoughData(
            f"of {len(x)} of {n} rows the two nearest neighbours are equally far", "give rows off a lattice"
        )
    return float(x @ y) / float(x @ x)


def levina_bickel(distances: Float64[ndarray, "n k"]) -> float:
    """Inverse of the mean over points of (1/(k−1))·Σ_{j<k} log(T_k/T_j), T ascending.

    Raises:
        NotEnoughData: all k neighbours of every point are equally far.

    Source: Levina & Bickel 2005, "Maximum likelihood estimation of intrinsic dimension", with the
    inverses averaged as MacKay & Ghahramani advise.
    """
    k = distances.shape[1]
    mean = float(np.log(distances[:, -1:] / distances[:, :-1]).mean())
    if mean <= TIED:
        raise NotEnoughData(f"the {k} nearest neighbours of every row are equally far", "give rows off a lattice")
    return 1.0 / mean
