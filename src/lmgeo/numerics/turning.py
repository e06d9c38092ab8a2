"""How sharply a path of rows turns."""

from __future__ import annotations

import numpy as np

from lmgeo.core.arrays import Float, Float64, Int, ndarray


def turning_angles(
    rows: Float[ndarray, "n d"], sequence: Int[ndarray, " n"]
) -> tuple[Float64[ndarray, " k"], Int[ndarray, " k"], int]:
    """The angle between each two successive steps within a sequence.

    Args:
        rows: of whole sequences, each one's rows together and in order.
        sequence: which sequence each row is of.

    Returns:
        The angles in radians, the sequence of each, and how many steps have no length: a turn to or
        from such a step has no angle.
    """
    steps = np.subtract(rows[1:], rows[:-1], dtype=np.float64)
    inside = sequence[1:] == sequence[:-1]
    # relative to its greatest entry first: squares of 1e200 or 1e-200 are out of float64
    greatest = np.abs(steps).max(axis=1, initial=0.0)
    moving = inside & (greatest > 0)
    steps[moving] /= greatest[moving, None]
    steps[moving] /= np.sqrt(np.einsum("nd,nd->n", steps[moving], steps[moving]))[:, None]
    turns = np.flatnonzero(moving[1:] & moving[:-1])
    before, after = steps[turns], steps[turns + 1]
    # an arc cosine loses half of its digits near 0 and π
    angles = 2 * np.arctan2(np.linalg.norm(after - before, axis=1), np.linalg.norm(after + before, axis=1))
    return angles, sequence[turns], int(np.count_nonzero(inside & ~moving))
