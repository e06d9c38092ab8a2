"""What an analysis of so many models could have shown: the other half of a relation that is not significant."""

from __future__ import annotations

from typing import Any

import numpy as np

from lmgeo.analysis.controls import Controls
from lmgeo.analysis.data import Data
from lmgeo.numerics.power import LEAST_LEFT, detectable, needed, power

TRUE = tuple(round(tenths / 10, 1) for tenths in range(1, 10))


def power_of(data: Data) -> dict[str, Any]:
    """The power of an analysis for its own number of models, or of clusters where rows are resampled in clusters."""
    return partial_power(data.clusters.count, control_count(data.controls) if data.controls else 0)


def control_count(controls: Controls) -> int:
    """How many dimensions the controls take from the rows in which all have a value: the rank of their design."""
    design = controls.design[controls.complete]
    if not design.size:
        return 0
    centred = design - design.mean(axis=0)
    scale = np.max(np.abs(centred), axis=0)
    varied = scale > 1e-13 * np.max(np.abs(design), axis=0)
    return int(np.linalg.matrix_rank(centred[:, varied] / scale[varied], tol=1e-9)) if varied.any() else 0


def partial_power(n: int, controls: int) -> dict[str, Any]:
    """Power of the partial Spearman test at 5 %, two-sided, by simulation.

    Args:
        n: independent models.
        controls: dimensions that the controls take.

    Returns:
        `n`, `controls`, `partial_correlation` (for true ones of 0.1 … 0.9 the `power`), `detectable_80` (the smallest
        true one seen with a power of 80 %, in hundredths) and `needed` (for each true one the `n_80` models that see
        it so). Values that cannot be had are None, with `reason`.
    """
    facts = {
        "n": n,
        "controls": controls,
        "partial_correlation": [{"true": true, "power": power(true, n, controls)} for true in TRUE],
        "detectable_80": detectable(n, controls),
        "needed": [{"true": true, "n_80": needed(true, controls)} for true in TRUE],
    }
    if n - controls < LEAST_LEFT:
        facts["reason"] = f"{n} models less {controls} controls; at least {LEAST_LEFT} must be left"
    elif facts["detectable_80"] is None:
        facts["reason"] = f"{n} models with {controls} controls show no partial correlation with a power of 80 %"
    return facts
