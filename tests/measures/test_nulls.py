"""Null references: what they keep of a cloud, and what they take away."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from lmgeo.measures.compute import measure_cloud
from lmgeo.measures.nulls import null_values, with_nulls
from lmgeo.measures.protocols import protocol
from lmgeo.numerics.nulls import gaussian_like, shuffled
from lmgeo.states.rows import Rows

DEFAULT = protocol("default")


def lumpy(n: int = 3_000, d: int = 6) -> np.ndarray:
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(5, d)) * 4
    return (centres[rng.integers(5, size=n)] + rng.normal(size=(n, d)) + 10).astype(np.float32)


def test_a_gaussian_has_the_mean_and_covariance_and_nothing_else() -> None:
    X = lumpy()
    null = gaussian_like(X, 1)
    assert null.shape == X.shape
    standard_error = X.std(axis=0) / np.sqrt(len(X))
    assert (np.abs(null.mean(axis=0) - X.mean(axis=0)) < 5 * standard_error).all()
    np.testing.assert_allclose(np.cov(null.T), np.cov(X.T), atol=0.1 * np.trace(np.cov(X.T)) / 6)
    kurtosis = ((null - null.mean(0)) ** 4).mean(0) / null.var(0) ** 2
    np.testing.assert_allclose(kurtosis, 3, atol=0.5)


def test_a_shuffled_copy_has_the_columns_and_no_correlation() -> None:
    X = lumpy()
    before = X.copy()
    null = shuffled(X, 1)
    np.testing.assert_array_equal(np.sort(null, axis=0), np.sort(X, axis=0))
    np.testing.assert_array_equal(X, before)
    correlation = np.corrcoef(null.T) - np.eye(6)
    assert np.abs(correlation).max() < 0.1 < np.abs(np.corrcoef(X.T) - np.eye(6)).max()


def test_nulls_follow_the_seed() -> None:
    X = lumpy()
    for make in (gaussian_like, shuffled):
        np.testing.assert_array_equal(make(X, 1), make(X, 1))
        assert (make(X, 1) != make(X, 2)).any()


def test_values_beside_the_cloud() -> None:
    X = lumpy()
    names = ["effective_rank", "mean_cosine", "vrm"]
    found = with_nulls(measure_cloud(X, names, DEFAULT, 0), null_values(X, names, DEFAULT, 0))
    assert found["effective_rank"].nulls["gaussian"] == pytest.approx(found["effective_rank"].value, rel=0.02)
    assert found["effective_rank"].nulls["shuffled"] > found["effective_rank"].value  # correlation is gone
    assert found["mean_cosine"].nulls["gaussian"] == pytest.approx(found["mean_cosine"].value, abs=0.01)
    assert abs(found["vrm"].nulls["gaussian"] - found["vrm"].value) > 5 * found["vrm"].spread  # its axes are not normal
    assert set(found["vrm"].to_json()["nulls"]) == {"gaussian", "shuffled"}
    assert "nulls" not in measure_cloud(X, names, DEFAULT, 0)["vrm"].to_json()


def test_a_cloud_without_a_covariance_has_null_references_without_values() -> None:
    X = np.array([[1e200, 0.0], [-1e200, 1.0], [0.0, 2.0]])
    values = null_values(X, ["mean_cosine"], DEFAULT, 0)
    assert values["gaussian"] == {"mean_cosine": None}
    assert values["shuffled"]["mean_cosine"] is not None


@pytest.mark.parametrize("make", [lambda X: X * 1e100, lambda X: X * 1e-60, lambda X: X + 1e9])
def test_the_twin_of_float64_rows_is_float64(make) -> None:
    X = np.random.default_rng(0).normal(size=(500, 4))
    nulls = null_values(make(X), ["effective_rank"], DEFAULT, 0)
    assert nulls["gaussian"]["effective_rank"] == pytest.approx(4, abs=0.05)
    assert nulls["shuffled"]["effective_rank"] == pytest.approx(4, abs=0.05)


def test_a_twin_that_overflows_is_none() -> None:
    X = (np.random.default_rng(0).normal(size=(500, 4)).clip(-1, 1) * 3e38).astype(np.float32)
    nulls = null_values(X, ["mean_cosine"], DEFAULT, 0)
    assert nulls["gaussian"]["mean_cosine"] is None
    assert nulls["shuffled"]["mean_cosine"] is not None


def test_nulls_of_more_rows_than_are_kept_are_of_those_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    few = SimpleNamespace(of_cloud=lambda X, seed: Rows.of_cloud(X, capacity=64, seed=seed))
    monkeypatch.setattr("lmgeo.measures.nulls.Rows", few)
    seen = []
    monkeypatch.setattr("lmgeo.measures.nulls.measure_cloud", lambda X, *a, **k: seen.append(X.shape) or {})
    null_values(lumpy(), [], DEFAULT, 0)
    assert seen == [(64, 6), (64, 6)]
