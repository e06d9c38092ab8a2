"""Comparisons: known values, declared invariances, plain recomputation, hostile clouds."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from lmgeo.measures.comparisons import Twins, compared
from lmgeo.measures.declare import COMPARISONS
from lmgeo.states.batch import RowBatch
from lmgeo.states.comoments import CoMoments
from lmgeo.states.rows import Rows
from lmgeo.states.steps import Steps

N, D = 300, 6
RNG = np.random.default_rng(0)
PAIRED = [name for name, declared in COMPARISONS.items() if declared.state is CoMoments]


def cloud(seed: int, n: int = N, d: int = D) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(2.0, size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


def rotation(d: int = D) -> np.ndarray:
    return np.linalg.qr(np.random.default_rng(9).normal(size=(d, d)))[0]


def pair(name: str, X: np.ndarray, Y: np.ndarray):
    return compared({CoMoments: CoMoments.of_clouds(X, Y)}, [name])[name]


def steps_of(rows: np.ndarray, length: int = 10) -> Steps:
    state = Steps.empty(rows.shape[1])
    index = np.arange(len(rows))
    state.update(RowBatch(rows, index // length, index % length, np.zeros(len(rows), bool)))
    return state


def rows_of(X: np.ndarray) -> Rows:
    return Rows.of_cloud(X)


def value(name: str, X: np.ndarray) -> float:
    """Of X and something that hangs on X's rows, by the state that the comparison reads."""
    other = cloud(1, len(X)) + 0.2 * RNG.standard_normal(0).sum()
    states = {
        CoMoments: lambda: CoMoments.of_clouds(X, np.tanh(other)),
        Steps: lambda: steps_of(X),
        Twins: lambda: Twins(rows_of(X), rows_of(other)),
    }
    kind = COMPARISONS[name].state
    found = compared({kind: states[kind]()}, [name])[name]
    assert found.value is not None, found.reason
    return found.value


CHANGES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "shift": lambda X: X + np.linspace(-40, 90, D),
    "rotation": lambda X: X @ rotation(),
    "scale": lambda X: X * 37.0,
}


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize("name", list(COMPARISONS))
def test_declared_invariances_hold(name: str, kind: str) -> None:
    assert kind in COMPARISONS[name].keeps
    assert value(name, CHANGES[kind](cloud(0))) == pytest.approx(value(name, cloud(0)), rel=1e-8, abs=1e-10)


@pytest.mark.parametrize("name", PAIRED)
def test_pairs_keep_what_they_declare_when_every_row_comes_twice(name: str) -> None:
    X, Y = cloud(0), np.tanh(cloud(0)) + cloud(1)
    once, twice = pair(name, X, Y).value, pair(name, np.vstack([X, X]), np.vstack([Y, Y])).value
    assert (twice == pytest.approx(once, rel=1e-9)) == ("duplicate" in COMPARISONS[name].keeps)


@pytest.mark.parametrize("name", list(COMPARISONS))
def test_declaration_is_complete(name: str) -> None:
    declared = COMPARISONS[name]
    assert declared.definition[0].isupper()
    assert declared.formula
    assert declared.direction.startswith("higher = ")
    assert declared.unit in {"1", "dimensions", "radians"}


def test_the_same_shape() -> None:
    X = cloud(0)
    turned = 3.0 * X @ rotation() + 5
    assert pair("cka", X, turned).value == pytest.approx(1, abs=1e-12)
    assert pair("procrustes", X, turned).value == pytest.approx(0, abs=1e-12)
    wider = np.hstack([X @ rotation(), np.zeros((N, 3))])
    assert pair("cka", X, wider).value == pytest.approx(1, abs=1e-12)
    assert pair("procrustes", X, wider).value == pytest.approx(0, abs=1e-12)


def test_unrelated_clouds() -> None:
    rng = np.random.default_rng(4)
    found = [pair("cka", rng.normal(size=(100, 50)), rng.normal(size=(100, 50))) for _ in range(20)]
    assert abs(np.mean([m.value for m in found])) < 0.01
    assert np.mean([m.details["biased"] for m in found]) > 0.3  # what the debiasing takes away
    assert pair("procrustes", rng.normal(size=(4000, 3)), rng.normal(size=(4000, 3))).value > 0.95


def test_order_of_the_two_does_not_matter() -> None:
    X, Y = cloud(0), np.tanh(cloud(0, d=D)) @ RNG.normal(size=(D, 4))
    for name in PAIRED:
        assert pair(name, X, Y).value == pytest.approx(pair(name, Y, X).value, rel=1e-10)


def test_a_spread_over_groups_of_sequences() -> None:
    values, spreads = [], []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        X = rng.normal(size=(400, 5))
        found = pair("cka", X, X + rng.normal(size=(400, 5)))
        values.append(found.value)
        spreads.append(found.spread)
    assert np.mean(spreads) == pytest.approx(np.std(values, ddof=1), rel=0.35)


def test_curvature_by_hand() -> None:
    path = np.array([[0, 0], [1, 0], [1, 1], [2, 2]], float)
    state = steps_of(np.vstack([path, path[::-1]]), 4)
    found = compared({Steps: state}, ["curvature"])["curvature"]
    assert found.value == pytest.approx((math.pi / 2 + math.pi / 4) / 2)
    assert found.details["turns"] == 4
    assert found.range == (0, math.pi)
    uniform = np.random.default_rng(0).normal(size=(3000, 200))  # steps share a point: cos −1/2
    assert compared({Steps: steps_of(uniform)}, ["curvature"])["curvature"].value == pytest.approx(
        2 * math.pi / 3, abs=0.02
    )


def test_the_second_ones_value_stands_in_the_details() -> None:
    first, second = steps_of(cloud(0)), steps_of(cloud(1))
    found = compared({Steps: first}, ["curvature"], {Steps: second})["curvature"]
    assert found.details["b"] == compared({Steps: second}, ["curvature"])["curvature"].value
    assert found.details["b_spread"] > 0


def slow_rank(X: np.ndarray) -> float:
    Z = X - X.mean(axis=0)
    Z /= np.linalg.norm(Z, axis=1, keepdims=True)
    values = np.linalg.eigvalsh(np.cov(Z.T))
    share = values[values > 0] / values[values > 0].sum()
    return math.exp(-(share * np.log(share)).sum())


def test_diff_erank_by_its_definition() -> None:
    X, Y = cloud(0), cloud(1)
    found = compared({Twins: Twins(rows_of(X), rows_of(Y))}, ["diff_erank"])["diff_erank"]
    assert found.value == pytest.approx(slow_rank(Y) - slow_rank(X), rel=1e-9)
    assert found.details["model"] == pytest.approx(slow_rank(X), rel=1e-9)
    assert found.spread > 0
    same = compared({Twins: Twins(rows_of(X), rows_of(X))}, ["diff_erank"])["diff_erank"]
    assert same.value == 0


@pytest.mark.parametrize(
    ("X", "Y", "said"),
    [
        (cloud(0)[:3], cloud(1)[:3], "3 pair"),
        (np.ones((50, 3)), cloud(1)[:50], "rows of the first cloud are equal, as far"),
        (cloud(1)[:50], np.ones((50, 3)), "rows of the second cloud are equal"),
        (cloud(0) * 1e90, cloud(1), "out of float64"),
        (cloud(0) * 1e-90, cloud(1), "out of float64"),
    ],
)
def test_what_has_no_value_says_why(X: np.ndarray, Y: np.ndarray, said: str) -> None:
    for name in PAIRED:
        found = pair(name, X, Y)
        assert found.value is None
        assert said in str(found.reason)


@pytest.mark.parametrize("shape", [(4, 2), (5, 40), (20, 100)])
def test_few_rows_give_a_value_in_range_or_a_reason(shape: tuple[int, int]) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        X, Y = rng.normal(size=shape), rng.normal(size=shape)
        for name in PAIRED:
            found = pair(name, X, Y)
            assert (found.value is None) == (found.reason is not None)
            assert found.value is None or found.range[0] <= found.value <= found.range[1]


def test_no_state_no_value() -> None:
    found = compared({Steps: steps_of(cloud(0)[:20], 2), CoMoments: "the reason"}, ["curvature", "cka"])
    assert "three rows" in str(found["curvature"].reason)
    assert found["cka"].reason == "the reason"
    rows = rows_of(np.ones((10, 3)))
    assert compared({Twins: Twins(rows, rows)}, ["diff_erank"])["diff_erank"].value is None


def test_what_one_far_row_leaves_of_cka_is_rounding() -> None:
    X = np.vstack([cloud(1)[:200], np.full((1, cloud(1).shape[1]), 1e9)])
    Y = np.vstack([cloud(2)[:200], np.zeros((1, cloud(2).shape[1]))])
    found = compared({CoMoments: CoMoments.of_clouds(X, Y)}, ["cka", "procrustes"])
    assert found["cka"].value is None
    assert "rounding" in found["cka"].reason
    assert found["procrustes"].value is not None
