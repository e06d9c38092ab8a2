"""Every declared invariance holds, and every one not declared really fails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lmgeo.core.measurement import Measurement
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.compute import matrix_measures, measure_cloud, uses_protocol
from lmgeo.measures.declare import INVARIANCES, MEASURES
from lmgeo.measures.matrices import measure_matrix

N, D = 400, 12
SMALL = QuantizerProtocol(name="small", codebooks=2, bits=4, seeds=1, threads=1, lsq_iterations=3)
DIRECT = [name for name in MEASURES if MEASURES[name].cloud and not uses_protocol(name)]
QUANTIZED = [name for name in MEASURES if uses_protocol(name)]


def cloud(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(2.0, size=(N, D)) @ rng.normal(size=(D, D)) + rng.normal(size=D)


def matrix(seed: int = 2, n: int = 200, d: int = 80) -> np.ndarray:
    """A weight matrix whose eigenvalues follow a power law throughout, so that its tail has a fit."""
    rng = np.random.default_rng(seed)
    values = (np.arange(1, d + 1) / d) ** (-1 / 1.4)  # of λ: α = 2.4
    return np.linalg.qr(rng.normal(size=(n, d)))[0] * np.sqrt(values) @ _rotation(d) + 0.01 * rng.normal(size=d)


def _rotation(d: int) -> np.ndarray:
    q, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(d, d)))
    return q


TRANSFORMS: dict[str, list[Callable[[np.ndarray], np.ndarray]]] = {
    "shift": [lambda X: X + np.linspace(-30, 50, D), lambda X: X + 1e6],
    "rotation": [lambda X: X @ _rotation(X.shape[1]), lambda X: X[:, ::-1].copy(), lambda X: -X],
    "scale": [lambda X: X * 3.7, lambda X: X * 1e-20, lambda X: X * 1e20],
    "duplicate": [lambda X: np.vstack([X, X]), lambda X: np.repeat(X, 3, axis=0)],
}


def value(name: str, X: np.ndarray) -> float:
    return full_value(measure_cloud(X, [name], SMALL, 0)[name])


def value_of_matrix(name: str, W: np.ndarray) -> float:
    return full_value(measure_matrix(W, [name])[name])


def full_value(found: Measurement) -> float:
    """The value, or the log it is given by as well: that does not underflow."""
    assert found.value is not None
    return found.details.get("log", found.value)


def assert_kept_as_declared(name: str, kind: str, X: np.ndarray, measured: Callable[[str, np.ndarray], float]) -> None:
    before = measured(name, X)
    after = [measured(name, transform(X)) for transform in TRANSFORMS[kind]]
    if kind in MEASURES[name].keeps:
        assert after == pytest.approx([before] * len(after), rel=1e-7, abs=1e-10)
    else:
        assert max(abs(a - before) for a in after) > 1e-7 * abs(before)


def test_there_is_a_transform_for_each_invariance() -> None:
    assert set(TRANSFORMS) == INVARIANCES


@pytest.mark.parametrize("kind", sorted(INVARIANCES))
@pytest.mark.parametrize("name", DIRECT)
def test_declared_invariances_hold_and_others_fail(name: str, kind: str) -> None:
    assert_kept_as_declared(name, kind, cloud(), value)


@pytest.mark.parametrize("name", [name for name in QUANTIZED if "scale" in MEASURES[name].keeps])
def test_quantized_measures_keep_a_scale_exactly(name: str) -> None:
    # by a power of two, so that no rounding moves a point to another cell
    X = cloud()
    assert value(name, 4.0 * X) == pytest.approx(value(name, X), rel=1e-6)


@pytest.mark.parametrize("kind", ["rotation", "scale"])
@pytest.mark.parametrize("name", matrix_measures())
def test_declared_invariances_hold_on_weight_matrices_and_others_fail(name: str, kind: str) -> None:
    assert_kept_as_declared(name, kind, matrix(), value_of_matrix)
