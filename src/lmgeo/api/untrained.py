"""Whether a checkpoint looks untrained, beside a fresh model of the same configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.tensors import unread_reason

if TYPE_CHECKING:
    from lmgeo.models.weight_files import StoredWeights

OVER_EDGE = 1.5  # times the fresh model's greatest eigenvalue over the edge of its bulk
# Wide, for published suites start from rules of their own: Pythia's 2/(layers·√width) is a 26th of transformers' 0.02
# at 36 layers of 5,120.
SPREAD = 50.0
_SIDE = 512  # rows and columns of a matrix that are looked at
_LEAST_SIDE = 8


def signs_of_training(stored: StoredWeights, fresh: StoredWeights) -> list[str]:
    """What a checkpoint has that no freshly initialised model has; empty for one that looks untrained.

    Three signs: a vector that starts as a constant (norm gains at 1, biases at 0) and is another; a matrix with an
    eigenvalue far above the bulk of the Marchenko–Pastur law, more than `OVER_EDGE` times what the fresh model's have;
    entries `SPREAD` times as wide or as narrow as the fresh ones.

    Args:
        stored: the checkpoint.
        fresh: the same architecture, initialised anew.
    """
    pairs = [(name, twin) for name in stored.tensors if (twin := _twin(name, fresh)) is not None]
    return [*_changed_vectors(stored, fresh, pairs), *_signs_of_matrices(stored, fresh, pairs)]


def _twin(name: str, fresh: StoredWeights) -> str | None:
    """The fresh model's name of a tensor: the same, or with the backbone's name before it."""
    return next((own for own in fresh.tensors if own == name or own.endswith(f".{name}")), None)


def _changed_vectors(stored: StoredWeights, fresh: StoredWeights, pairs: list[tuple[str, str]]) -> list[str]:
    changed, looked_at, worst, farthest = [], 0, 0.0, ""
    for name, twin in pairs:
        if len(fresh.tensors[twin].shape) != 1:
            continue
        start = fresh.tensors[twin].read()
        if (start != start[0]).any():
            continue
        looked_at += 1
        away = float(np.abs(stored.tensors[name].read().astype(np.float64) - start[0]).max())
        if away > 0:
            changed.append(name)
            worst, farthest = max((worst, farthest), (away, f"{name} is up to {away:.3g} away from {start[0]:g}"))
    if not changed:
        return []
    return [f"{len(changed)} of {looked_at} gains and biases are not what they start as: {farthest}"]


def _signs_of_matrices(stored: StoredWeights, fresh: StoredWeights, pairs: list[tuple[str, str]]) -> Iterator[str]:
    matrices = [(a, b) for a, b in pairs if unread_reason(stored.tensors[a]) is None and fresh.tensors[b].shape]
    own = {name: _part(stored, name) for name, _ in matrices}
    start = {name: _part(fresh, twin) for name, twin in matrices}
    over = {name: ratio for name, part in own.items() if (ratio := _over_edge(part)) is not None}
    usual = max([1.0, *(ratio for part in start.values() if (ratio := _over_edge(part)) is not None)])
    name = max(over, key=lambda n: over[n], default="")
    if name and over[name] > OVER_EDGE * usual:
        yield (
            f"{sum(ratio > OVER_EDGE * usual for ratio in over.values())} of {len(over)} matrices are not random: "
            f"{name} has an eigenvalue {over[name]:.3g} times the edge of its bulk, {usual:.3g} in a fresh model"
        )
    for name in own:
        spread, usual = float(own[name].std()), float(start[name].std())
        if usual > 0 and not usual / SPREAD <= spread <= usual * SPREAD:
            yield f"the entries of {name} have a standard deviation of {spread:.3g}, {usual:.3g} in a fresh model"


def _part(weights: StoredWeights, name: str) -> ndarray:
    """Some rows and columns: those of a random matrix are one, too."""
    values = weights.tensors[name].read().astype(np.float64)
    draws = numpy_stream(0, "untrained", str(values.shape))
    rows, columns = (np.sort(draws.permutation(n)[:_SIDE]) for n in values.shape)
    return values[np.ix_(rows, columns)]


def _over_edge(matrix: ndarray) -> float | None:
    """The greatest eigenvalue over the edge of the law that fits the bulk; None where there is no bulk."""
    from lmgeo.numerics.marchenko_pastur import fit_bulk

    if min(matrix.shape) < _LEAST_SIDE:
        return None
    values = np.linalg.svd(matrix, compute_uv=False) ** 2
    try:
        bulk = fit_bulk(values, *matrix.shape)
    except NotEnoughData:
        return None
    return float(values[0] / bulk.edge)
