"""A regression with a random intercept for each group, by restricted maximum likelihood, exactly.

With one variance ratio θ = (variance between groups) / (variance within), everything else has a
closed form: under θ the sums of products that least squares needs are those within groups plus
those of the groups' means, shrunk by 1 / (1 + θ · rows of the group). So the fit is a search in one
dimension over matrices of a few columns, with no iteration that could stop too early. Sources:
Harville 1977, Maximum likelihood approaches to variance component estimation; Bates et al. 2015,
Fitting linear mixed-effects models using lme4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.analysis.moments import inverse
from lmgeo.core.arrays import Float, Int, ndarray

_GRID = np.linspace(np.log(1e-6), np.log(1e6), 61)  # of log θ
_ROUNDS = 9  # each narrows the search tenfold
_STEP = 1e-3  # of log θ, for derivatives
_FLAT = 1e-7  # change of the deviance below which θ makes no difference
_NOTHING = 1e-9  # share of the target below which nothing is left of it


@dataclass(frozen=True)
class Sums:
    """Sums of products of the columns 1, controls, measure, target: all that the likelihood needs.

    Attributes:
        within: about the groups' means, (p, p).
        between: of the groups' means times rows, for each size of a group, (s, p, p).
        sizes, groups: rows of a group of that size, and how many such groups, (s,).
    """

    within: Float[ndarray, "p p"]
    between: Float[ndarray, "s p p"]
    sizes: Float[ndarray, " s"]
    groups: Float[ndarray, " s"]

    @classmethod
    def of(cls, columns: Float[ndarray, "n p"], labels: Int[ndarray, " n"]) -> Sums:
        """Sums over rows whose groups are numbered 0 … count − 1."""
        rows = np.bincount(labels)
        means = np.stack([np.bincount(labels, weights=column) / rows for column in columns.T], axis=1)
        left = columns - means[labels]
        sizes = np.unique(rows)
        between = [size * means[rows == size].T @ means[rows == size] for size in sizes]
        groups = [float(np.sum(rows == size)) for size in sizes]
        return cls(left.T @ left, np.stack(between), sizes.astype(np.float64), np.array(groups))

    @property
    def rows(self) -> int:
        """How many rows."""
        return int(self.sizes @ self.groups)

    @property
    def degrees(self) -> int:
        """Rows less coefficients."""
        return self.rows - (len(self.within) - 1)

    def roots(self, ratio: Float[ndarray, " t"]) -> Float[ndarray, "t p p"]:
        """Cholesky factors of the sums under each θ.

        The last row and the one above it hold the fit: with root L, the measure's coefficient is
        L[-1, -2] / L[-2, -2], its variance over σ² is 1 / L[-2, -2]², and L[-1, -1]² is the sum of
        squared errors.
        """
        shrunk = 1.0 / (1.0 + np.multiply.outer(ratio, self.sizes))
        return np.linalg.cholesky(self.within + np.einsum("ts,spq->tpq", shrunk, self.between))

    def deviance(self, ratio: Float[ndarray, " t"]) -> Float[ndarray, " t"]:
        """Minus twice the restricted log-likelihood at its best σ², up to a constant."""
        roots = self.roots(ratio)
        return self.degrees * np.log(roots[:, -1, -1] ** 2) + self.determinants(roots, ratio)

    def determinants(self, roots: Float[ndarray, "t p p"], ratio: Float[ndarray, " t"]) -> Float[ndarray, " t"]:
        """Log determinants of the target's covariance and of the coefficients' information, over σ²."""
        diagonal = np.diagonal(roots, axis1=1, axis2=2)[:, :-1]
        return np.log1p(np.multiply.outer(ratio, self.sizes)) @ self.groups + 2.0 * np.log(diagonal).sum(axis=1)


@dataclass(frozen=True)
class Fit:
    """The measure's coefficient under the best θ.

    Attributes:
        slope, error: the coefficient and its standard error.
        degrees: Satterthwaite's degrees of freedom of the two.
        share: of the variance left, what lies between groups, 0 … 1.
        flat: the likelihood does not depend on θ: the controls tell the groups apart.
    """

    slope: float
    error: float
    degrees: float
    share: float
    flat: bool


def fit(sums: Sums) -> Fit | str:
    """Maximise the restricted likelihood, or say why it has no maximum.

    θ = 0 is a maximum at the edge: the groups differ by no more than their rows would have them, and
    the fit is that of least squares. A θ without bound is none: nothing is left within groups.
    """
    if _left_within(sums) <= _NOTHING * _total(sums):
        return "nothing of the target is left within groups, so the likelihood has no maximum"
    deviances = sums.deviance(np.concatenate([[0.0], np.exp(_GRID)]))
    best = int(np.argmin(deviances[1:]))
    flat = bool(np.ptp(deviances) < _FLAT)
    if flat or deviances[0] <= deviances[1 + best] + _FLAT:
        return _estimate(sums, 0.0, float(sums.degrees), flat)
    if best == len(_GRID) - 1:
        return "the variance between groups grows without bound"
    place = _search(sums, best)
    degrees = _degrees(sums, place)
    return _estimate(sums, float(np.exp(place)), degrees, False) if degrees else "the likelihood has no clear maximum"


def _left_within(sums: Sums) -> float:
    solved = inverse(sums.within[:-1, :-1], sums.rows)
    return float(sums.within[-1, -1] - sums.within[-1, :-1] @ solved @ sums.within[:-1, -1])


def _total(sums: Sums) -> float:
    return float(sums.within[-1, -1] + sums.between[:, -1, -1].sum())


def _search(sums: Sums, best: int) -> float:
    """The log θ of least deviance around a place of the grid."""
    low, high = _GRID[max(best - 1, 0)], _GRID[best + 1]
    for _ in range(_ROUNDS):
        places = np.linspace(low, high, 21)
        at = int(np.clip(np.argmin(sums.deviance(np.exp(places))), 1, 19))
        low, high = places[at - 1], places[at + 1]
    return float((low + high) / 2.0)


def _degrees(sums: Sums, place: float) -> float | None:
    """Satterthwaite's degrees of freedom of the coefficient's variance; None where there is no maximum.

    Twice the squared variance over the variance of that variance, the latter from the curvature of
    the deviance in log σ² and log θ. Source: Kuznetsova et al. 2017, lmerTest.
    """
    ratio = np.exp(place + _STEP * np.array([-1.0, 0.0, 1.0]))
    roots = sums.roots(ratio)
    errors = roots[:, -1, -1] ** 2 / (roots[1, -1, -1] ** 2 / sums.degrees)  # over the σ² of the middle one
    determinants = sums.determinants(roots, ratio)
    variance = -2.0 * np.log(roots[:, -2, -2])
    curvature = np.array([[sums.degrees, -_slope(errors)], [-_slope(errors), _bend(errors) + _bend(determinants)]])
    if curvature[1, 1] <= 0.0 or np.linalg.det(curvature) <= 0.0:
        return None
    direction = np.array([1.0, _slope(variance)])
    return float(1.0 / (direction @ np.linalg.solve(curvature, direction)))


def _slope(values: ndarray) -> float:
    return float(values[2] - values[0]) / (2.0 * _STEP)


def _bend(values: ndarray) -> float:
    return float(values[2] - 2.0 * values[1] + values[0]) / _STEP**2


def _estimate(sums: Sums, ratio: float, degrees: float, flat: bool) -> Fit:
    root = sums.roots(np.array([ratio]))[0]
    spread = float(root[-1, -1]) / sums.degrees**0.5
    slope = float(root[-1, -2] / root[-2, -2])
    return Fit(slope, spread / float(root[-2, -2]), degrees, ratio / (1.0 + ratio), flat)
