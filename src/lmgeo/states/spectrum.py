"""The singular values of one weight matrix: all that a measure of its spectrum reads.

Not mergeable: a matrix is a whole. It is made from the matrix's blocks of rows, or from what was
kept of an earlier reading, and answers as `Moments` do for measures that clouds have too.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, final

import numpy as np

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.once import made_once
from lmgeo.core.tensors import EPSILONS
from lmgeo.numerics.partition import Eigen
from lmgeo.numerics.power_law import PowerLaw, fit_power_law
from lmgeo.numerics.singular_values import (
    Blocks,
    Grams,
    Values,
    eigenvalues_less_mean,
    exact_values,
    gram_values,
    grams_of,
    single_grams_of,
    values_of,
)
from lmgeo.numerics.spectra import Sums, sums_of
from lmgeo.states.moments import LEAST_SQUARE, Moments
from lmgeo.states.whole import Spectra

_SMALL = 4_000_000  # entries: up to here the slow way costs less than a second
_LEAST_SUM = 1e-250  # sums of squares below lost digits to float64's least number
_WELL_ABOVE = 1e-4  # in λ: with an error of 3e-9, each λ is good to 3e-5 of itself


@final
class MatrixSpectrum:
    """Singular values of a matrix as it stands, and of its rows less their mean; either is made when first read.

    Args:
        n, d: rows and columns.
        raw, less_mean: give the min(n, d) singular values of either, descending.
        constant_columns: columns that hold one value throughout.
        epsilon: distance from 1 to the next number of the type that the matrix is stored in.
        centred: whether measures read those less the mean.
        eigen: gives the decomposition of the product with itself, or None.
        sums: gives those of the eigenvalues of the rows less their mean; None: they are summed.
    """

    def __init__(
        self,
        n: int,
        d: int,
        raw: Callable[[], Values],
        less_mean: Callable[[], Values],
        *,
        constant_columns: int,
        epsilon: float,
        centred: bool = False,
        eigen: Callable[[], Eigen | None] = lambda: None,
        sums: Callable[[], Sums] | None = None,
    ) -> None:
        self.n, self.d = n, d
        self.constant_columns, self.epsilon, self.centred = constant_columns, epsilon, centred
        self._raw, self._less_mean, self._eigen, self._sums = raw, less_mean, eigen, sums

    @made_once
    def raw(self) -> Values:
        """Singular values of the matrix as it stands."""
        return self._raw()

    @made_once
    def less_mean(self) -> Values:
        """Singular values of its rows less their mean."""
        return self._less_mean()

    @property
    def eigen(self) -> Eigen | None:
        """Eigenvalues and axes of the matrix's product with itself over its longer side, where they were asked for."""
        return self._eigen()

    @property
    def exact(self) -> bool:
        """Whether the values that measures read are good to some 1e-6 of themselves, the smallest too."""
        return (self.less_mean if self.centred else self.raw).exact

    @property
    def how(self) -> str:
        """How the values that were read so far were had: `gram32`, `gram`, `svd`, or two of them."""
        made = [found.how for name in ("raw", "less_mean") if (found := self.__dict__.get(name))]
        return "/".join(dict.fromkeys(made))

    @property
    def values(self) -> Float64[ndarray, " r"]:
        """The singular values that measures read.

        Raises:
            NotEnoughData: all are zero.
        """
        values = (self.less_mean if self.centred else self.raw).values
        if values[0] == 0.0:
            what = "all rows are equal" if self.centred else "all entries are zero"
            raise NotEnoughData(f"{what}: no spectrum", "give a matrix of rows that differ")
        return values

    @made_once
    def eigenvalues(self) -> Float64[ndarray, " r"]:
        """λ = σ², descending.

        Raises:
            NotEnoughData: all are zero, or squares that float64 cannot hold.
        """
        return _squares(self.values)

    @made_once
    def power_law(self) -> PowerLaw:
        """The power law that fits the upper tail of λ best.

        Raises:
            NotEnoughData: fewer than two distinct eigenvalues above zero.
        """
        return fit_power_law(self.eigenvalues[self.eigenvalues > 0])

    def moments(self) -> Moments:
        """The same as the moments of a cloud, without its axes."""
        spectra = Spectra(
            lambda: self._padded(_squares(self.less_mean.values)),
            lambda: self._padded(self.raw.values),
            self.constant_columns,
            self._sums,
        )
        return Moments.of_spectra(self.n, self.d, spectra, self.centred)

    def to_arrays(self) -> tuple[dict[str, ndarray], dict[str, Any]]:
        """Both sets of singular values, and in plain JSON what else is known of the matrix.

        Raises:
            NotEnoughData: values that float64 cannot sum.
        """
        both = {"raw": self.raw, "less_mean": self.less_mean}
        notes = {"n": self.n, "d": self.d, "constant_columns": self.constant_columns, "epsilon": self.epsilon}
        how = {name: {"exact": found.exact, "how": found.how} for name, found in both.items()}
        return {name: found.values for name, found in both.items()}, {**notes, **how}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, ndarray], notes: Mapping[str, Any], *, centred: bool) -> MatrixSpectrum:
        """The inverse of `to_arrays`; which values measures read is asked anew."""
        both = {name: Values(arrays[name], **notes[name]) for name in ("raw", "less_mean")}
        return cls(
            notes["n"],
            notes["d"],
            lambda: both["raw"],
            lambda: both["less_mean"],
            constant_columns=notes["constant_columns"],
            epsilon=notes["epsilon"],
            centred=centred,
        )

    def _padded(self, values: Float64[ndarray, " r"]) -> Float64[ndarray, " d"]:
        return np.pad(values, (0, self.d - len(values)))


@final
@dataclass(frozen=True)
class SingularValues:
    """The singular values where the smallest count: none of them is rounding of squares."""

    source: ClassVar[type] = MatrixSpectrum
    spectrum: MatrixSpectrum

    @classmethod
    def of(cls, source: MatrixSpectrum) -> SingularValues:
        """Those of a spectrum that was made exactly.

        Raises:
            SpecError: it was not.
        """
        if not source.exact:
            raise SpecError("a spectrum whose smallest values are not exact", "read the matrix with exact=True")
        return cls(source)

    @property
    def n(self) -> int:
        """Rows."""
        return self.spectrum.n

    @property
    def d(self) -> int:
        """Columns."""
        return self.spectrum.d


def spectrum_of(
    blocks: Blocks, n: int, d: int, epsilon: float, *, centred: bool = False, exact: bool = False, axes: bool = False
) -> MatrixSpectrum:
    """Read a matrix's spectrum.

    Args:
        blocks: gives its rows anew at each call.
        n, d: rows and columns.
        epsilon: of the type it is stored in.
        centred: which singular values the measures will read.
        exact: read it once more where squares do not resolve the smallest values; small ones always are.
        axes: decompose it once for its axes too, which `MatrixSpectrum.eigen` then gives.
    """
    reading = _Reading(blocks, n, d, again=exact or n * d <= _SMALL, axes=axes)
    if not exact and not axes and n * d > _SMALL and n > d and epsilon >= EPSILONS["F32"]:
        reading.single = single_grams_of(blocks, d)
    return MatrixSpectrum(
        n,
        d,
        lambda: reading.values(less_mean=False),
        lambda: reading.values(less_mean=True),
        constant_columns=(reading.single or reading.grams).constant_columns,
        epsilon=epsilon,
        centred=centred,
        eigen=lambda: reading.eigen,
        sums=lambda: sums_of((reading.single or reading.grams).centred),
    )


@dataclass
class _Reading:
    """A matrix in the course of being read: what was had of it already, and how to have the rest.

    Attributes:
        blocks, n, d: as of `spectrum_of`.
        again: whether to read once more where squares do not resolve the smallest values.
        axes: whether the axes are wanted as well.
        single: the Gram matrices by products in single precision, if these were made.
    """

    blocks: Blocks
    n: int
    d: int
    again: bool
    axes: bool = False
    single: Grams | None = None

    @made_once
    def grams(self) -> Grams:
        """The Gram matrices in float64."""
        return grams_of(self.blocks, self.n, self.d)

    def values(self, *, less_mean: bool) -> Values:
        """Either set of singular values, by the first way that gives it well enough."""
        rank = min(self.n - 1, self.d) if less_mean else min(self.n, self.d)
        if self.single is not None and (found := _in_single(self.single, less_mean, rank)):
            return found
        found = self._by_squares(less_mean, rank)
        if found is not None and (found.exact or not self.again):
            return found
        return exact_values(self.blocks, self.n, self.d, self.grams.mean if less_mean else None)

    @made_once
    def eigen(self) -> Eigen | None:
        """Of the product of the matrix as it stands with itself; None where it is not wanted or not finite."""
        gram = self.grams.raw if self.axes else np.array(np.nan)
        return Eigen(*np.linalg.eigh(gram)) if np.isfinite(gram).all() else None

    def _by_squares(self, less_mean: bool, rank: int) -> Values | None:
        gram = self.grams.centred if less_mean else self.grams.raw
        if not np.isfinite(gram).all() or 0.0 < np.diag(gram).max() < _LEAST_SUM:
            return None
        if self.eigen is None:
            return gram_values(gram, rank)
        if not less_mean:
            return values_of(self.eigen.values, rank)
        between = self.n * float(self.grams.mean @ self.grams.mean)
        if self.n < self.d or between > np.trace(gram):
            return gram_values(gram, rank)
        return values_of(eigenvalues_less_mean(self.eigen, self.grams.mean, self.n), rank)


def _in_single(grams: Grams, less_mean: bool, rank: int) -> Values | None:
    """Singular values by products in single precision; None where the smallest are not well above their error."""
    gram = grams.centred if less_mean else grams.raw
    if not np.isfinite(gram).all():
        return None
    found = gram_values(gram, rank)
    # the norm is at least the greatest eigenvalue that the error is relative to
    enough = found.values[rank - 1] ** 2 > _WELL_ABOVE * np.linalg.norm(grams.centred)
    return found._replace(exact=False, how="gram32") if enough else None


def _squares(values: Float64[ndarray, " r"]) -> Float64[ndarray, " r"]:
    with np.errstate(over="ignore"):
        squares = np.square(values)
    if not np.isfinite(squares[0]):
        raise NotEnoughData("the squares of these values overflow float64", "scale the matrix down")
    if values[0] > 0.0 and squares[0] < LEAST_SQUARE:
        raise NotEnoughData("these values are too small to be squared in float64", "scale the matrix up")
    return squares
