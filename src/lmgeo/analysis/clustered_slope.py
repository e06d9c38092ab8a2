"""The slope of least squares beside controls, and its bootstrap over whole groups of rows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lmgeo.analysis.moments import GONE, about, inverse, means_of
from lmgeo.analysis.weighting import weighted_grams, weights_of_groups
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
        solved = inverse(about(grams, means_of(grams))[:, :-1, :-1])
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
