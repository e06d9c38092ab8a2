"""Count, mean and centred scatter: all that a spectral measure needs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.moments import Products, mean_and_scatter, merge_moments, pool_moments
from lmgeo.numerics.spectra import Sums
from lmgeo.states.batch import RowBatch
from lmgeo.states.groups import GROUPS, rows_by_group
from lmgeo.states.replicates import Replicates
from lmgeo.states.state import check_alike, check_batch
from lmgeo.states.whole import Spectra, Whole

# What squares sum to: from here on down, the smallest one that counts beside it (a rounding error of it)
# may itself be below the least normal number, and so be short of digits.
LEAST_SQUARE = 1e-290

Part = tuple[int, Float64[ndarray, " d"], Float64[ndarray, "d d"]]


@final
@dataclass
class Moments:
    """Mergeable first and second moments in float64; its size does not depend on n.

    Kept apart for each of G groups of sequences, so that what they add up to has a spread.

    Attributes:
        counts: rows of each group.
        means: column means of each group.
        scatters: Σ (x − x̄)(x − x̄)ᵀ of each group, its upper triangle.
        centred: whether spectral measures read the centred spectrum (a cloud) or that of the
            rows as they stand (a weight matrix).
        products: the type in which rows are multiplied.
    """

    counts: Int[ndarray, " g"]
    means: Float64[ndarray, "g d"]
    scatters: Float64[ndarray, "g d d"]
    centred: bool = True
    products: Products = "float64"
    _whole: Whole | Spectra | None = field(default=None, repr=False, compare=False)

    @classmethod
    def empty(cls, d: int, *, centred: bool = True, groups: int = GROUPS, products: Products = "float64") -> Moments:
        """No rows of d columns."""
        return Moments(np.zeros(groups, np.int64), np.zeros((groups, d)), np.zeros((groups, d, d)), centred, products)

    @classmethod
    def of_spectra(cls, n: int, d: int, spectra: Spectra, centred: bool) -> Moments:
        """What is known of n rows of d columns by their spectra alone: it takes no more rows.

        It reads as the whole but for `mean`, `scatter` and `axes`, which raise NotEnoughData.
        """
        return Moments(np.array([n]), np.zeros((1, d)), np.broadcast_to(0.0, (1, d, d)), centred, _whole=spectra)

    @property
    def n(self) -> int:
        """Rows taken in."""
        return int(self.counts.sum())

    @property
    def d(self) -> int:
        """Columns."""
        return int(self.means.shape[1])

    @property
    def settings(self) -> dict[str, Any]:
        """What two must share to be merged."""
        return {"d": self.d, "centred": self.centred, "groups": len(self.counts), "products": self.products}

    def update(self, batch: RowBatch) -> None:
        """Take rows in (exact in the sense of Chan, Golub & LeVeque 1983)."""
        check_batch(self, batch)
        for g, rows in rows_by_group(batch, len(self.counts)):
            if isinstance(rows, np.ndarray):
                more = mean_and_scatter(rows, self.products)
                self.means[g], self.scatters[g] = merge_moments(*self._part(g), len(rows), *more)
            else:
                from lmgeo.numerics.torch_sums import add_rows

                add_rows(rows, int(self.counts[g]), self.means[g], self.scatters[g], self.products)
            self.counts[g] += len(rows)
        self._whole = None

    def merge(self, other: Moments) -> Moments:
        """The moments of both clouds together."""
        check_alike(self, other)
        both = Moments.empty(self.d, **{k: v for k, v in self.settings.items() if k != "d"})
        for g in range(len(self.counts)):
            both.means[g], both.scatters[g] = merge_moments(*self._part(g), *other._part(g))
        both.counts += self.counts + other.counts
        return both

    def to_arrays(self) -> dict[str, ndarray]:
        """Copies of everything it holds."""
        return {
            "counts": self.counts.copy(),
            "means": self.means.copy(),
            "scatters": np.stack([_symmetric(scatter) for scatter in self.scatters]),
            "centred": np.array(self.centred),
            "float32": np.array(self.products == "float32"),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray]) -> Moments:
        """The inverse of `to_arrays`."""
        counts, means, scatters = (arrays[name].copy() for name in ("counts", "means", "scatters"))
        return Moments(counts, means, scatters, bool(arrays["centred"]), "float32" if arrays["float32"] else "float64")

    @property
    def mean(self) -> Float64[ndarray, " d"]:
        """Column means."""
        return self.whole.mean

    @property
    def scatter(self) -> Float64[ndarray, "d d"]:
        """Σ (x − x̄)(x − x̄)ᵀ of all rows."""
        return self.whole.scatter

    @property
    def eigenvalues(self) -> Float64[ndarray, " d"]:
        """λ of XcᵀXc/(n−1), descending, zero-padded to d; always centred.

        Raises:
            NotEnoughData: fewer than two rows, or squares that float64 cannot hold.
        """
        if self.n < 2:
            raise NotEnoughData(f"{self.n} row(s) have no variance", "give at least 2 rows")
        return _held(self.whole.values, LEAST_SQUARE) / (self.n - 1)

    @property
    def sums(self) -> Sums:
        """Sum and sum of squares of `eigenvalues` but for a common factor; nothing is decomposed for them.

        Raises:
            NotEnoughData: as `eigenvalues` does.
        """
        if self.n < 2:
            raise NotEnoughData(f"{self.n} row(s) have no variance", "give at least 2 rows")
        found = self.whole.sums
        _held(np.array([found.factor]), LEAST_SQUARE)
        return found

    @property
    def singular_values_uncentred(self) -> Float64[ndarray, " d"]:
        """σ of the rows as they stand, descending, zero-padded to d.

        Raises:
            NotEnoughData: no rows, or squares that float64 cannot hold.
        """
        if self.n < 1:
            raise NotEnoughData("no rows", "give at least 1 row")
        return _held(self.whole.uncentred, LEAST_SQUARE**0.5)

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
    def axes(self) -> Float64[ndarray, "d d"]:
        """Unit principal axes as columns, the one of the greatest variance first.

        Raises:
            NotEnoughData: squares that float64 cannot hold.
        """
        return self.whole.axes

    @property
    def constant_columns(self) -> int:
        """How many columns hold one value throughout."""
        return self.whole.constant_columns

    @property
    def whole(self) -> Whole | Spectra:
        """All groups together."""
        if self._whole is None:
            present = self.counts > 0
            parts = (
                self.counts[present],
                self.means[present],
                self.scatters if present.all() else self.scatters[present],
            )
            mean, upper = pool_moments(*parts)
            self._whole = Whole(self.n, mean, _symmetric(upper))
        return self._whole

    def replicates(self) -> Replicates | None:
        """The moments without each group in turn, their spectra to first order.

        Raises:
            NotEnoughData: as `eigenvalues` does.
        """
        present = np.flatnonzero(self.counts)
        if len(present) < 2 or self.n - self.counts.max() < 2 or not isinstance(self.whole, Whole):
            return None
        spectra = [self.whole.without(*self._part(int(g))) for g in present]
        return Replicates.leave_one_out([Moments.of_spectra(self.n, self.d, s, self.centred) for s in spectra])

    def _part(self, g: int) -> Part:
        return int(self.counts[g]), self.means[g], self.scatters[g]


def _symmetric(upper: Float64[ndarray, "d d"]) -> Float64[ndarray, "d d"]:
    """The symmetric matrix that an upper triangle stands for."""
    return np.triu(upper) + np.triu(upper, 1).T


def _held(values: Float64[ndarray, " d"], least: float) -> Float64[ndarray, " d"]:
    """Descending values, refused where they are so small that their squares lost digits."""
    if 0.0 < values[0] < least:
        raise NotEnoughData("these values are too small to be squared in float64", "scale the rows up")
    return values
