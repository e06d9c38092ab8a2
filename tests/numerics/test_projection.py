"""Principal axes and projections in blocks against a plain SVD."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.numerics.projection import projected_blocks, scaled_axes


@pytest.mark.parametrize("values", [10, 300, 10_000])
def test_total_variance_is_d_on_uncorrelated_axes(values: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.numerics.projection._BLOCK_VALUES", values)
    X = np.random.default_rng(0).normal(size=(100, 5)) @ np.random.default_rng(1).normal(size=(5, 5)) + 9
    eigenvalues, axes, mean = scaled_axes(X)
    projected = np.concatenate([block.copy() for block in projected_blocks(X, axes, mean)])
    covariance = np.cov(projected)
    assert np.trace(covariance) == pytest.approx(5)
    np.testing.assert_allclose(covariance, np.diag(eigenvalues * 5 / eigenvalues.sum()), atol=1e-10)


def test_rows_all_equal_are_left_unscaled() -> None:
    eigenvalues, axes, _ = scaled_axes(np.full((9, 3), 0.1))
    assert not eigenvalues.any()
    np.testing.assert_allclose(axes @ axes.T, np.eye(3), atol=1e-12)
