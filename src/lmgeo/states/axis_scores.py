"""What is kept of a cloud's scores on its principal axes, for all measures that look at them axis by axis."""

from __future__ import annotations

from typing import ClassVar, final

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.once import made_once
from lmgeo.numerics.axis_summaries import AxisSummaries
from lmgeo.numerics.projection import scaled_axes
from lmgeo.numerics.reach import within_reach
from lmgeo.numerics.spectra import EPSILON
from lmgeo.states.rows import Rows


@final
class AxisScores:
    """Rows on their principal axes, scaled to a total variance of d; derived from `Rows`.

    Nothing is computed before it is asked for, and one projection serves all.
    """

    source: ClassVar[type] = Rows

    def __init__(self, rows: Rows) -> None:
        self._rows = rows

    @classmethod
    def of(cls, source: Rows) -> AxisScores:
        """The scores of the rows kept."""
        return cls(source)

    @property
    def n(self) -> int:
        """Rows projected."""
        return self._rows.n

    @property
    def d(self) -> int:
        """Columns, and so axes, flat ones included."""
        return self._rows.d

    @property
    def rows_left_out(self) -> int:
        """Rows of the cloud that the sample does not hold."""
        return self._rows.seen - self._rows.n

    @property
    def flat(self) -> int:
        """Axes on which all rows coincide."""
        return self.d - len(self.summaries.low)

    @property
    def undetermined(self) -> int:
        """Axes whose variance another axis shares to rounding: any rotation of the two would do as well."""
        values = self._scaled[1][0]
        near = (-np.diff(values) <= len(values) * EPSILON * values[0]) & (values[1:] > 0.0)
        return int(np.count_nonzero(np.append(near, False) | np.insert(near, 0, False)))

    @made_once
    def _scaled(self) -> tuple[ndarray, tuple[ndarray, ndarray, ndarray]]:
        rows = within_reach(self._rows.matrix())
        return rows, scaled_axes(rows)

    @made_once
    def summaries(self) -> AxisSummaries:
        """Of every axis that is not flat, the one of the greatest variance first.

        Raises:
            NotEnoughData: no axis has a variance, or squares that float64 cannot hold.
        """
        rows, (values, axes, mean) = self._scaled
        n, d = rows.shape
        if values[0] == 0.0:
            raise NotEnoughData(f"all {n} row(s) are equal, as far as float64 squares tell", "give rows that differ")
        # Up to this the distance of equal rows on an axis is rounding, and their entropy −∞: 2√n equal
        # rows of a cloud of total variance d lie within √d·n^¼ of its mean, and project to √d·ε of that.
        least = 8 * EPSILON * d * n**0.25
        return AxisSummaries.of(rows, axes[:, values > 0.0], mean, least)  # flat axes come last
