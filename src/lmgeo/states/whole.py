"""All rows of some moments taken together: their mean and scatter, and the spectra that measures read."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.once import made_once
from lmgeo.numerics.spectra import (
    Sums,
    axis_variances,
    principal_axes,
    sums_of,
    uncentred_singular_values,
    without_rounding,
)


@final
class Whole:
    """The sums of all groups, and their decomposition, made once and only where it is read.

    Args:
        n: rows.
        mean: column means.
        scatter: Σ (x − x̄)(x − x̄)ᵀ.
    """

    def __init__(self, n: int, mean: Float64[ndarray, " d"], scatter: Float64[ndarray, "d d"]) -> None:
        self.n, self.mean, self.scatter = n, mean, scatter

    @property
    def values(self) -> Float64[ndarray, " d"]:
        """Eigenvalues of the scatter, descending, rounding noise zero.

        Raises:
            NotEnoughData: squares that float64 cannot hold.
        """
        return self._principal[0]

    @property
    def axes(self) -> Float64[ndarray, "d d"]:
        """Unit principal axes as columns, the one of the greatest variance first."""
        return self._principal[1]

    @made_once
    def uncentred(self) -> Float64[ndarray, " d"]:
        """Singular values of the rows as they stand, descending."""
        return uncentred_singular_values(self.values, self.mean @ self.axes, self.n)

    @property
    def sums(self) -> Sums:
        """Sum and sum of squares of the eigenvalues, without decomposing anything."""
        return sums_of(self.scatter)

    @property
    def constant_columns(self) -> int:
        """How many columns hold one value throughout."""
        return int(np.count_nonzero(np.diag(self.scatter) == 0.0))

    def without(self, count: int, mean: Float64[ndarray, " d"], scatter: Float64[ndarray, "d d"]) -> Spectra:
        """The spectra without some of the rows, to first order, in the weight of all.

        An eigenvalue moves with its axis's share of what is taken away, to first order; so one
        decomposition serves every part that is left out. What stays is weighted up to n rows: a
        spectrum of fewer rows has a smaller rank, which is no part of how sure the whole's is.

        Args:
            count, mean, scatter: of the rows left out, the scatter as its upper triangle.
        """
        n, rest = self.n, self.n - count
        step = (mean - self.mean) @ self.axes
        left = self.values - axis_variances(scatter, self.axes) - step**2 * (n * count / rest)
        order = np.argsort(-left, kind="stable")
        values = without_rounding(np.maximum(left[order], 0.0), min(n - 1, len(left))) * (n / rest)
        center = (self.mean @ self.axes - step * (count / rest))[order]
        return Spectra(lambda: values, lambda: uncentred_singular_values(values, center, n))

    @made_once
    def _principal(self) -> tuple[Float64[ndarray, " d"], Float64[ndarray, "d d"]]:
        return principal_axes(self.scatter, min(self.n - 1, len(self.mean)))


@final
class Spectra:
    """What is left of a `Whole` when its rows' mean and axes are forgotten.

    Args:
        values: gives the eigenvalues of the centred scatter, descending.
        uncentred: gives the singular values of the rows as they stand, descending.
        constant_columns: columns that hold one value throughout.
        sums: gives the sum of the eigenvalues and that of their squares; None: they are summed.
    """

    def __init__(
        self,
        values: Callable[[], Float64[ndarray, " d"]],
        uncentred: Callable[[], Float64[ndarray, " d"]],
        constant_columns: int = 0,
        sums: Callable[[], Sums] | None = None,
    ) -> None:
        self._values, self._uncentred, self.constant_columns = values, uncentred, constant_columns
        self._sums = sums

    @made_once
    def values(self) -> Float64[ndarray, " d"]:
        """Eigenvalues of the centred scatter."""
        return self._values()

    @made_once
    def uncentred(self) -> Float64[ndarray, " d"]:
        """Singular values of the rows as they stand."""
        return self._uncentred()

    @property
    def sums(self) -> Sums:
        """Sum and sum of squares of the eigenvalues of the centred scatter."""
        return self._sums() if self._sums else sums_of(self.values)

    @property
    def mean(self) -> Float64[ndarray, " d"]:
        """Not known.

        Raises:
            NotEnoughData: always; so do `scatter` and `axes`.
        """
        raise _forgotten("mean")

    @property
    def scatter(self) -> Float64[ndarray, "d d"]:
        """Not known."""
        raise _forgotten("scatter")

    @property
    def axes(self) -> Float64[ndarray, "d d"]:
        """Not known."""
        raise _forgotten("axes")


def _forgotten(what: str) -> NotEnoughData:
    return NotEnoughData(f"the spectrum alone is known here, not the {what}", "read `spectrum` or `eigenvalues`")
