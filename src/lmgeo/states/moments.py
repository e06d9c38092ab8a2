"""Count, mean and centred scatter: all that a spectral measure needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.moments import mean_and_scatter, merge_moments
from lmgeo.numerics.spectra import principal_axes, uncentred_singular_values
from lmgeo.states.batch import RowBatch
from lmgeo.states.state import check_alike, check_batch


@final
@dataclass
class Moments:
    """Mergeable first and second moments in float64; its size does not depend on n.

    Attributes:
        count: rows taken in.
        mean: column means.
        scatter: Σ (x − x̄)(x − x̄)ᵀ.
        centred: whether spectral measures read the centred spectrum (a cloud) or that of the
            rows as they stand (a weight matrix).
    """

    count: int
    mean: Float64[ndarray, " d"]
    scatter: Float64[ndarray, "d d"]
    centred: bool = True
    _spectra: dict[str, ndarray] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def empty(cls, d: int, *, centred: bool = True) -> Moments:
        """No rows of d columns."""
        return Moments(0, np.zeros(d), np.zeros((d, d)), centred)

    @property
    def n(self) -> int:
        """Rows taken in."""
        return self.count

    @property
    def d(self) -> int:
        """Columns."""
        return len(self.mean)

    @property
    def settings(self) -> dict[str, Any]:
        """What two must share to be merged."""
        return {"d": self.d, "centred": self.centred}

    def update(self, batch: RowBatch) -> None:
        """Take rows in (exact in the sense of Chan, Golub & LeVeque 1983)."""
        check_batch(self, batch)
        more = mean_and_scatter(batch.rows)
        self.mean, self.scatter = merge_moments(self.count, self.mean, self.scatter, len(batch), *more)
        self.count += len(batch)
        self._spectra.clear()

    def merge(self, other: Moments) -> Moments:
        """The moments of both clouds together."""
        check_alike(self, other)
        mean, scatter = merge_moments(self.count, self.mean, self.scatter, other.count, other.mean, other.scatter)
        return Moments(self.count + other.count, mean, scatter, self.centred)

    def to_arrays(self) -> dict[str, ndarray]:
        """Copies of everything it holds."""
        return {
            "count": np.array(self.count),
            "mean": self.mean.copy(),
            "scatter": self.scatter.copy(),
            "centred": np.array(self.centred),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> Moments:
        """The inverse of `to_arrays`."""
        return Moments(int(arrays["count"]), arrays["mean"].copy(), arrays["scatter"].copy(), bool(arrays["centred"]))

    @property
    def eigenvalues(self) -> Float64[ndarray, " d"]:
        """λ of XcᵀXc/(n−1), descending, zero-padded to d; always centred.

        Raises:
            NotEnoughData: fewer than two rows, or squares that float64 cannot hold.
        """
        if self.count < 2:
            raise NotEnoughData(f"{self.count} row(s) have no variance", "give at least 2 rows")
        return self._axes()[0] / (self.count - 1)

    @property
    def singular_values_uncentred(self) -> Float64[ndarray, " d"]:
        """σ of the rows as they stand, descending, zero-padded to d.

        Raises:
            NotEnoughData: no rows, or squares that float64 cannot hold.
        """
        if self.count < 1:
            raise NotEnoughData("no rows", "give at least 1 row")
        if "uncentred" not in self._spectra:
            values, axes = self._axes()
            self._spectra["uncentred"] = uncentred_singular_values(values, axes, self.mean, self.count)
        return self._spectra["uncentred"]

    @property
    def spectrum(self) -> Float64[ndarray, " d"]:
        """What spectral measures read: `eigenvalues`, or σ² of the rows as they stand.

        Raises:
            NotEnoughData: as those two do.
        """
        if self.centred:
            return self.eigenvalues
        with np.errstate(over="ignore"):
            squares = np.square(self.singular_values_uncentred)
        if not np.isfinite(squares[0]):
            raise NotEnoughData("the squares of these values overflow float64", "scale the rows down")
        return squares

    @property
    def constant_columns(self) -> int:
        """How many columns hold one value throughout."""
        return int(np.count_nonzero(np.diag(self.scatter) == 0.0))

    def _axes(self) -> tuple[ndarray, ndarray]:
        if "values" not in self._spectra:
            values, axes = principal_axes(self.scatter, min(self.count - 1, self.d))
            self._spectra |= {"values": values, "axes": axes}
        return self._spectra["values"], self._spectra["axes"]
