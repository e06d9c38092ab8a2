"""How far a choice moves a measure, the other choices held: standardised, with an interval over clusters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from lmgeo.analysis.choices import Choice
from lmgeo.analysis.clusters import LEAST_CLUSTERS, Clusters
from lmgeo.core.arrays import Float, ndarray
from lmgeo.numerics.leave_out import LeftOut, left_out
from lmgeo.numerics.sweeps import unit_columns

_NOTHING = {"effect": None, "effect_ci": None}


def choice_effects(
    choices: Sequence[Choice], rows: ndarray, clusters: Clusters, responses: Sequence[Float[ndarray, " n"]]
) -> list[list[dict[str, Any]]]:
    """Effects of every choice on every response: a list of choices a response.

    A number's effect is its standardised slope: standard deviations of the response per one of the
    choice. That of levels is the greatest difference of adjusted level means in standard deviations
    of the response, with the two levels, lowest first. Intervals are 95 %, by leaving out each
    cluster; for more than two levels they hold for every pair at once (Scheffé), as the pair was
    chosen after looking.

    Args:
        choices: the blocks, all complete on `rows`.
        rows: which rows of the table.
        clusters: of the whole table.
        responses: unit columns over `rows`.
    """
    columns = np.column_stack([choice.columns[rows] for choice in choices])
    lengths = np.sqrt(np.einsum("np,np->p", *[columns - columns.mean(axis=0)] * 2))
    fit = left_out(unit_columns(columns), clusters.take(rows).labels)
    starts = np.cumsum([0, *(choice.width for choice in choices)])
    found = []
    for response in responses:
        coefficients, residuals = fit.coefficients(response)
        effects = []
        for choice, start in zip(choices, starts, strict=False):
            block = slice(int(start), int(start) + choice.width)
            contrast = _number if choice.kind == "number" else _levels
            effects.append(contrast(choice, fit, block, coefficients, residuals, lengths))
        found.append(effects)
    return found


def _number(
    choice: Choice, fit: LeftOut, block: slice, coefficients: ndarray, residuals: ndarray, lengths: ndarray
) -> dict[str, Any]:
    if not fit.known[block.start]:
        return _NOTHING
    contrast = np.zeros(len(coefficients))
    contrast[block.start] = 1.0  # of unit columns, so standard deviations per standard deviation
    effect = float(coefficients[block.start])
    return {"effect": effect, **_interval(fit, contrast, effect, residuals, 1)}


def _levels(
    choice: Choice, fit: LeftOut, block: slice, coefficients: ndarray, residuals: ndarray, lengths: ndarray
) -> dict[str, Any]:
    if not fit.known[block].all():
        return _NOTHING
    per_unit = np.sqrt(len(residuals) - 1) / lengths[block]  # a 0/1 column's step, in SDs of the response
    means = np.concatenate([[0.0], coefficients[block] * per_unit])
    low, high = (0, 1) if len(means) == 2 else (int(np.argmin(means)), int(np.argmax(means)))
    contrast = np.zeros(len(coefficients))
    for level, sign in ((low, -1.0), (high, 1.0)):
        if level:
            contrast[block.start + level - 1] = sign * per_unit[level - 1]
    effect = float(means[high] - means[low])
    between = [choice.levels[low], choice.levels[high]]
    return {"effect": effect, **_interval(fit, contrast, effect, residuals, choice.width), "between": between}


def _interval(fit: LeftOut, contrast: ndarray, effect: float, residuals: ndarray, freedom: int) -> dict[str, Any]:
    from scipy.special import fdtri

    if fit.count < LEAST_CLUSTERS:
        return {"effect_ci": None, "reason": f"{fit.count} clusters; an interval needs {LEAST_CLUSTERS}"}
    error = fit.error(contrast, residuals)
    if error is None:
        return {"effect_ci": None, "reason": "one cluster of rows alone tells the effect: no interval"}
    reach = float(np.sqrt(freedom * fdtri(freedom, fit.count - 1, 0.95))) * error
    return {"effect_ci": [effect - reach, effect + reach]}
