"""An interval from the gains of single folds, for models too slow to be refitted a thousand times."""

from __future__ import annotations

import numpy as np

from lmgeo.analysis.weighting import TAIL
from lmgeo.core.arrays import Float, ndarray


def corrected_interval(by_fold: Float[ndarray, "r f"], estimate: float) -> list[float]:
    """The 95 % interval of the corrected resampled t: `estimate` ± t · s · √(1/J + 1/(F − 1)).

    s² is the variance of the J = r · F gains of single folds. Folds share most of their training
    rows, so the mean of J gains is far less certain than J independent ones would be; a test set
    of 1/(F − 1) of the training set adds that share of the variance, however often the split is
    repeated.

    Args:
        by_fold: gain in R² on each fold of each repeat.
        estimate: the centre.

    Source: Nadeau & Bengio 2003, Inference for the generalization error.
    """
    from scipy.special import stdtrit

    count = by_fold.size
    spread = float(np.var(by_fold, ddof=1) * (1.0 / count + 1.0 / (by_fold.shape[1] - 1)))
    half = float(-stdtrit(count - 1, TAIL)) * spread**0.5
    return [estimate - half, estimate + half]
