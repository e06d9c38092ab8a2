"""Principal axes and sorted scores against a plain projection."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.numerics.projection import scaled_axes, sorted_scores

X = np.random.default_rng(0).gamma(2.0, size=(100, 5)) @ np.random.default_rng(1).normal(size=(5, 5)) + 9


@pytest.mark.parametrize("values", [10, 300, 10_000])
def test_scores_are_the_sorted_projection(values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.numerics.moments._CHUNK_VALUES", values)
    _, axes, mean = scaled_axes(X)
    plain = (X - X.mean(axis=0)) @ axes
    for axis, scores in zip(plain.T, sorted_scores(X, axes, mean), strict=True):
        sign = 1 if axis.max() >= -axis.min() else -1
        np.testing.assert_allclose(scores, np.sort(sign * axis), atol=1e-12)
        assert scores[-1] >= -scores[0]


def test_total_variance_is_d() -> None:
    eigenvalues, axes, mean = scaled_axes(X)
    variances = sorted_scores(X, axes, mean).var(axis=1, ddof=1)
    assert variances.sum() == pytest.approx(5)
    np.testing.assert_allclose(variances, eigenvalues * 5 / eigenvalues.sum(), rtol=1e-10)


def test_rows_all_equal_are_left_unscaled() -> None:
    eigenvalues, axes, _ = scaled_axes(np.full((9, 3), 0.1))
    assert not eigenvalues.any()
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
