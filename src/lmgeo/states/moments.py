"""Count, mean and centred scatter: all that a spectral measure needs."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Float64, Int, ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.numerics.moments import Products, mean_and_scatter, merge_moments
from lmgeo.numerics.spectra import axis_variances, principal_axes, uncentred_singular_values
from lmgeo.states.batch import RowBatch
from lmgeo.states.groups import GROUPS, rows_by_group
from lmgeo.states.replicates import Replicates
from lmgeo.states.state import check_alike, check_batch

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
    scatters: Float64[ndarray, "g k k"]  # k = d, or 0 where the axes are forgotten
    centred: bool = True
    products: Products = "float64"
    _known: dict[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @classmethod
    def empty(cls, d: int, *, centred: bool = True, groups: int = GROUPS, products: Products = "float64") -> Moments:
        """No rows of d columns."""
        return Moments(np.zeros(groups, np.int64), np.zeros((groups, d)), np.zeros((groups, d, d)), centred, products)

    @classmethod
    def of_spectrum(
        cls, n: int, values: Float64[ndarray, " d"], uncentred: Callable[[], Float64[ndarray, " d"]], centred: bool
    ) -> Moments:
        """What is left of n rows when their axes are forgotten: it reads as the whole, and takes no more rows.

        Args:
            n: rows.
            values: eigenvalues of the centred scatter, descending.
            uncentred: gives the singular values of the rows as they stand, descending, where they are read.
            centred: as of the state.
        """
        known = {"values": values, "uncentred later": uncentred}
        return Moments(np.array([n]), np.zeros((1, len(values))), np.zeros((1, 0, 0)), centred, _known=known)

    @classmethod
    def of_matrix(
        cls,
        n: int,
        d: int,
        values: Callable[[], Float64[ndarray, " d"]],
        uncentred: Callable[[], Float64[ndarray, " d"]],
        centred: bool,
        constant_columns: int,
    ) -> Moments:
        """What is known of an n×d matrix by its spectra alone: it reads as the whole, and takes no rows.

        Args:
            n, d: rows and columns.
            values: gives the eigenvalues of the centred scatter, descending, where they are read.
            uncentred: gives the singular values of the rows as they stand, likewise.
            centred: as of the state.
            constant_columns: columns that hold one value throughout.
        """
        known = {"values later": values, "uncentred later": uncentred, "constant columns": constant_columns}
        return Moments(np.array([n]), np.zeros((1, d)), np.broadcast_to(0.0, (1, d, d)), centred, _known=known)

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
        self._known.clear()

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
            "scatters": np.stack([_whole(scatter) for scatter in self.scatters]),
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
        return self._total()[1]

    @property
    def scatter(self) -> Float64[ndarray, "d d"]:
        """Σ (x − x̄)(x − x̄)ᵀ of all rows."""
        return self._total()[2]

    @property
    def eigenvalues(self) -> Float64[ndarray, " d"]:
        """λ of XcᵀXc/(n−1), descending, zero-padded to d; always centred.

        Raises:
            NotEnoughData: fewer than two rows, or squares that float64 cannot hold.
        """
        if self.n < 2:
            raise NotEnoughData(f"{self.n} row(s) have no variance", "give at least 2 rows")
        return self._values() / (self.n - 1)

    @property
    def singular_values_uncentred(self) -> Float64[ndarray, " d"]:
        """σ of the rows as they stand, descending, zero-padded to d.

        Raises:
            NotEnoughData: no rows, or squares that float64 cannot hold.
        """
        if self.n < 1:
            raise NotEnoughData("no rows", "give at least 1 row")
        if "uncentred" not in self._known:
            later = self._known.get("uncentred later")
            self._known["uncentred"] = later() if later else self._uncentred()
        return self._known["uncentred"]

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
        self._values()
        return self._known["axes"]

    @property
    def constant_columns(self) -> int:
        """How many columns hold one value throughout."""
        known = self._known.get("constant columns")
        return (
            0
            if self._axes_forgotten
            else int(np.count_nonzero(np.diag(self.scatter) == 0.0))
            if known is None
            else known
        )

    def replicates(self) -> Replicates | None:
        """The moments without each group in turn, their spectra to first order.

        An eigenvalue moves with its axis's share of what is taken away, to first order; so one
        decomposition serves all groups.

        Raises:
            NotEnoughData: as `eigenvalues` does.
        """
        present = np.flatnonzero(self.counts)
        if len(present) < 2 or self.n - self.counts.max() < 2:
            return None
        return Replicates.leave_one_out([self._without(int(g)) for g in present])

    def _without(self, g: int) -> Moments:
        count, mean, scatter = self._part(g)
        n, rest = self.n, self.n - count
        step = (mean - self.mean) @ self.axes
        left = self._values() - axis_variances(scatter, self.axes) - step**2 * (n * count / rest)
        values = np.maximum(left, 0.0)
        center = self.mean @ self.axes - step * (count / rest)
        return Moments.of_spectrum(
            rest, np.sort(values)[::-1], lambda: uncentred_singular_values(values, center, rest), self.centred
        )

    def _uncentred(self) -> Float64[ndarray, " d"]:
        values = self._values()
        return uncentred_singular_values(values, self.mean @ self.axes, self.n)

    def _part(self, g: int) -> Part:
        return int(self.counts[g]), self.means[g], self.scatters[g]

    @property
    def _axes_forgotten(self) -> bool:
        return self.scatters.shape[1] < self.d

    def _total(self) -> Part:
        if self._axes_forgotten:
            return self.n, self.means[0], np.diag(self._known["values"])
        if "total" not in self._known:
            total: Part = (0, np.zeros(self.d), np.zeros((self.d, self.d)))
            for g in np.flatnonzero(self.counts):
                part = self._part(int(g))
                total = (total[0] + part[0], *merge_moments(*total, *part))
            self._known["total"] = (*total[:2], _whole(total[2]))
        return self._known["total"]

    def _values(self) -> Float64[ndarray, " d"]:
        if "values later" in self._known:
            self._known["values"] = self._known.pop("values later")()
        if "values" not in self._known:
            values, axes = principal_axes(self.scatter, min(self.n - 1, self.d))
            self._known |= {"values": values, "axes": axes}
        return self._known["values"]


def _whole(upper: Float64[ndarray, "d d"]) -> Float64[ndarray, "d d"]:
    """The symmetric matrix that an upper triangle stands for."""
    return np.triu(upper) + np.triu(upper, 1).T
