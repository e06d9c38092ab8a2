"""The slope of least squares beside controls, and its bootstrap over whole groups of rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lmgeo.analysis.moments import GONE, about, inverse, means_of
from lmgeo.analysis.weighting import TAIL, too_few_groups, weighted_grams, weights_of_groups
from lmgeo.core.arrays import Float, Int, ndarray


def slopes_under_weights(
    measures: Mapping[str, Float[ndarray, " n"]],
    controls: Float[ndarray, "n k"],
    y: Float[ndarray, " n"],
    labels: Int[ndarray, " n"],
    seed: int,
) -> dict[str, Float[ndarray, " b"]]:
    """Each measure's coefficient beside the controls, under weights drawn for whole groups.

    NaN under weights with which the controls leave nothing of the measure.
    """
    draws: dict[str, list[ndarray]] = {name: [] for name in measures}
    columns = np.column_stack([np.ones(len(y)), controls, y])
    for weights in weights_of_groups(labels, seed, "mixed"):
        grams = weighted_grams(columns, weights)
        solved = inverse(about(grams, means_of(grams))[:, :-1, :-1], grams[:, 0, 0])
        for name, x in measures.items():
            draws[name].append(_slopes(grams, solved, weights.T @ np.column_stack([x[:, None] * columns, x * x])))
    return {name: np.concatenate(found) for name, found in draws.items()}


def _slopes(
    grams: Float[ndarray, "b q q"], solved: Float[ndarray, "b k k"], with_x: Float[ndarray, "b p"]
) -> Float[ndarray, " b"]:
    """From products of 1, controls and target; the controls' inverse; products of the measure with them and itself."""
    whole = np.concatenate([np.concatenate([grams, with_x[:, None, :-1]], axis=1), with_x[:, :, None]], axis=2)
    products = about(whole, means_of(whole))  # controls, target, measure
    of_x = np.einsum("bkl,bl->bk", solved, products[:, :-2, -1])
    shared = products[:, -2, -1] - np.einsum("bk,bk->b", of_x, products[:, :-2, -2])
    left = products[:, -1, -1] - np.einsum("bk,bk->b", of_x, products[:, :-2, -1])
    sound = left > GONE * products[:, -1, -1]
    return np.where(sound, shared / np.where(sound, left, 1.0), np.nan)


def interval_of_slope(
    draws: Float[ndarray, " b"],
    x: Float[ndarray, " n"],
    spanned: Float[ndarray, "n r"],
    y: Float[ndarray, " n"],
    labels: Int[ndarray, " n"],
) -> list[float] | None:
    """The 95 % interval of the slope: its estimate ± t · s · √((G + 1)/(G − 1)); None with too few groups.

    s is the spread of the draws; weights of G groups spread a mean too little by just that root.
    The degrees of freedom are one less than the effective number of groups, (Σ a)² / Σ a² with a
    the part of a group in what the controls leave of the measure: a few groups with extreme values
    decide the slope, and percentiles of the draws do not see that. Source: Carter, Schnepel &
    Steigerwald 2017, Asymptotic behavior of a t-test robust to cluster heterogeneity.

    Args:
        draws: of `slopes_under_weights`.
        x, y: measure and target with mean 0.
        spanned: orthonormal columns that span the controls.
        labels: the group of each row, 0 … count − 1.
    """
    from scipy.special import stdtrit

    found = draws[np.isfinite(draws)]
    if too_few_groups(labels) or len(found) * 2 <= len(draws):
        return None
    left = x - spanned @ (spanned.T @ x)
    slope, parts = float(left @ y / (left @ left)), np.bincount(labels, weights=left**2)
    effective = float(parts.sum() ** 2 / (parts @ parts))
    small = np.sqrt((len(parts) + 1.0) / (len(parts) - 1.0))
    half = float(-stdtrit(max(1.0, effective - 1.0), TAIL) * np.std(found) * small)
    return [slope - half, slope + half]
