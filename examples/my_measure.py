"""Two measures of one's own: `lmgeo measure cloud.npy --plugin examples/my_measure.py`."""

import numpy as np

from lmgeo.api.plugins import Moments, NotEnoughData, Rows, Valued, measure


@measure(
    state=Moments,
    unit="1",
    range=(0, 1),
    keeps={"shift", "rotation", "scale", "duplicate"},
    direction="higher = one direction holds more of the variance",
    formula="λ₁ / Σλ",
)
def top_share(m: Moments) -> float:
    """Share of the greatest eigenvalue of the covariance in all of the variance."""
    values = m.spectrum
    if values[0] == 0:
        raise NotEnoughData("all rows are equal", "give rows that differ")
    return float(values[0] / values.sum())


@measure(
    state=Rows,
    unit="1",
    range=(1, None),
    keeps={"rotation", "scale", "duplicate"},
    direction="higher = a few rows are much longer than most",
    formula="max ‖x‖ / median ‖x‖",
)
def longest_row(m: Rows) -> Valued:
    """Norm of the longest row over the median norm."""
    norms = np.linalg.norm(m.matrix(), axis=1)
    if np.median(norms) == 0:
        raise NotEnoughData("half of the rows or more are zero", "give rows that are not zero")
    return Valued(norms.max() / np.median(norms), {"row": int(norms.argmax())})
