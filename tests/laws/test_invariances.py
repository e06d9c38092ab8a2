"""Every declared invariance holds, and every one not declared really fails."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.compute import matrix_measures, measure_cloud, measure_matrix, uses_protocol
from lmgeo.measures.declare import INVARIANCES, MEASURES

N, D = 400, 12
SMALL = QuantizerProtocol(name="small", codebooks=2, bits=4, seeds=1, threads=1, lsq_iterations=3)
DIRECT = [name for name in MEASURES if not uses_protocol(name)]
QUANTIZED = [name for name in MEASURES if uses_protocol(name)]


def cloud(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(2.0, size=(N, D)) @ rng.normal(size=(D, D)) + rng.normal(size=D)


def _rotation() -> np.ndarray:
    q, _ = np.linalg.qr(np.random.default_rng(1).normal(size=(D, D)))
    return q


TRANSFORMS: dict[str, list[Callable[[np.ndarray], np.ndarray]]] = {
    "shift": [lambda X: X + np.linspace(-30, 50, D), lambda X: X + 1e6],
    "rotation": [lambda X: X @ _rotation(), lambda X: X[:, ::-1].copy(), lambda X: -X],
    "scale": [lambda X: X * 3.7, lambda X: X * 1e-20, lambda X: X * 1e20],
    "duplicate": [lambda X: np.vstack([X, X]), lambda X: np.repeat(X, 3, axis=0)],
}


def value(name: str, X: np.ndarray) -> float:
    found = measure_cloud(X, [name], SMALL, 0)[name].value
    assert found is not None
    return found


def test_there_is_a_transform_for_each_invariance() -> None:
    assert set(TRANSFORMS) == INVARIANCES


@pytest.mark.parametrize("kind", sorted(INVARIANCES))
@pytest.mark.parametrize("name", DIRECT)
def test_declared_invariances_hold_and_others_fail(name: str, kind: str) -> None:
    X = cloud()
    before = value(name, X)
    after = [value(name, transform(X)) for transform in TRANSFORMS[kind]]
    if kind in MEASURES[name].keeps:
        assert after == pytest.approx([before] * len(after), rel=1e-7, abs=1e-10)
    else:
        assert max(abs(a - before) for a in after) > 1e-7 * abs(before)


@pytest.mark.parametrize("name", [name for name in QUANTIZED if "scale" in MEASURES[name].keeps])
def test_quantized_measures_keep_a_scale_exactly(name: str) -> None:
    # by a power of two, so that no rounding moves a point to another cell
    X = cloud()
    assert value(name, 4.0 * X) == pytest.approx(value(name, X), rel=1e-6)


@pytest.mark.parametrize("kind", ["rotation", "scale"])
@pytest.mark.parametrize("name", matrix_measures())
def test_declared_invariances_hold_on_weight_matrices(name: str, kind: str) -> None:
    W = cloud(2)
    before = measure_matrix(W, [name])[name].value
    assert kind in MEASURES[name].keeps
    for transform in TRANSFORMS[kind]:
        assert measure_matrix(transform(W), [name])[name].value == pytest.approx(before, rel=1e-7, abs=1e-10)
