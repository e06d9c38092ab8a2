"""What least squares would say without each cluster of rows: a jackknife in closed form.

Leaving a cluster out moves a coefficient by a fixed weighting of that cluster's residuals. The
weights depend on the predictors alone, so one set of them serves every response.

Sources: Bell & McCaffrey 2002; MacKinnon, Nielsen & Webb 2023 (CV₃). With every row its own
cluster this is HC₃ (MacKinnon & White 1985).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Bool, Float, Int, ndarray

_LOST = 1e-9  # share of a direction left without a cluster at which the cluster alone carries it
_CHUNK_CELLS = 2_000_000


@dataclass(frozen=True)
class LeftOut:
    """Least squares with an intercept, and the part of each cluster of rows in it.

    Attributes:
        basis: independent directions of the predictors, the intercept first, (n, r), orthonormal.
        back: what a unit of each direction adds to each predictor's coefficient, (p, r).
        known: predictors whose coefficient the rows determine, (p,).
        shift: the weight of each row's residual in the change of each coefficient, (n, p).
        lost: directions that stand and fall with one cluster, (c, r).
        labels: the cluster of each row, 0 … count − 1.
        count: how many clusters.
    """

    basis: Float[ndarray, "n r"]
    back: Float[ndarray, "p r"]
    known: Bool[ndarray, " p"]
    shift: Float[ndarray, "n p"]
    lost: Float[ndarray, "c r"]
    labels: Int[ndarray, " n"]
    count: int

    def coefficients(self, y: Float[ndarray, " n"]) -> tuple[Float[ndarray, " p"], Float[ndarray, " n"]]:
        """Least squares coefficients (of least norm where predictors are aliased), and the residuals."""
        inside = self.basis.T @ y
        return self.back @ inside, y - self.basis @ inside

    def error(self, contrast: Float[ndarray, " p"], residuals: Float[ndarray, " n"]) -> float | None:
        """Standard error of a sum of coefficients; None where one cluster alone carries it."""
        direction = contrast @ self.back
        if np.any((self.lost @ direction) ** 2 > _LOST * (direction @ direction)):
            return None
        moved = np.bincount(self.labels, weights=(self.shift @ contrast) * residuals, minlength=self.count)
        return float(np.sqrt((self.count - 1) / self.count * (moved @ moved)))


def left_out(predictors: Float[ndarray, "n p"], labels: Int[ndarray, " n"]) -> LeftOut:
    """Prepare least squares on some predictors for leaving out each cluster.

    Args:
        predictors: columns centred and of length one, or zero (`sweeps.unit_columns`).
        labels: the cluster of each row, 0 … count − 1.
    """
    basis, back, known = _orthonormal(predictors)
    shift = np.empty_like(predictors)
    lost: list[ndarray] = [np.empty((0, basis.shape[1]))]
    for rows in _clusters_of_one_size(labels):  # (clusters, rows of each)
        heavy = np.einsum("csr,csr->c", basis[rows], basis[rows]) > 1.0 - 1e-6
        for chunk in _chunks(rows[~heavy], basis.shape[1]):
            shift[chunk] = _without(basis[chunk], back)
        for one in rows[heavy]:
            shift[one], directions = _without_heavy(basis[one], back)
            lost.append(directions)
    return LeftOut(basis, back, known, shift, np.concatenate(lost), labels, int(labels.max(initial=-1)) + 1)


def _orthonormal(predictors: Float[ndarray, "n p"]) -> tuple[ndarray, ndarray, ndarray]:
    n, p = predictors.shape
    values, vectors = np.linalg.eigh(predictors.T @ predictors)
    sound = values > _LOST * max(1.0, float(values.max(initial=0.0)))
    back = vectors[:, sound] / np.sqrt(values[sound])
    known = np.einsum("pk,pk->p", vectors[:, ~sound], vectors[:, ~sound]) < 1e-6
    basis = np.column_stack([np.full(n, 1.0 / np.sqrt(n)), predictors @ back])
    return basis, np.column_stack([np.zeros(p), back]), known


def _clusters_of_one_size(labels: Int[ndarray, " n"]) -> list[Int[ndarray, "c s"]]:
    order = np.argsort(labels, kind="stable")
    sizes = np.bincount(labels)
    starts = np.cumsum(sizes) - sizes
    return [order[starts[sizes == s][:, None] + np.arange(s)] for s in np.unique(sizes[sizes > 0])]


def _chunks(rows: Int[ndarray, "c s"], rank: int) -> list[Int[ndarray, "b s"]]:
    """Clusters in parts that fit into memory."""
    cells = rows.shape[1] * max(rank, min(rank, rows.shape[1]))
    step = max(1, _CHUNK_CELLS // max(1, cells))
    return [rows[start : start + step] for start in range(0, len(rows), step)]


def _without(basis: Float[ndarray, "c s r"], back: Float[ndarray, "p r"]) -> Float[ndarray, "c s p"]:
    """(I − ZZᵀ)⁻¹ Z back, through the smaller of the two inverses."""
    turned = np.swapaxes(basis, 1, 2)
    _, s, r = basis.shape
    if s <= r:
        return np.linalg.solve(np.eye(s) - basis @ turned, basis @ back.T)
    return basis @ np.linalg.solve(np.eye(r) - turned @ basis, np.broadcast_to(back.T, (len(basis), r, len(back))))


def _without_heavy(basis: Float[ndarray, "s r"], back: Float[ndarray, "p r"]) -> tuple[ndarray, ndarray]:
    """The same where leaving the cluster out may lose directions, and the directions lost."""
    values, vectors = np.linalg.eigh(basis.T @ basis)
    gone = values > 1.0 - _LOST
    inverse = np.where(gone, 0.0, 1.0 / np.where(gone, 1.0, 1.0 - values))
    return basis @ (vectors * inverse) @ vectors.T @ back.T, vectors[:, gone].T
