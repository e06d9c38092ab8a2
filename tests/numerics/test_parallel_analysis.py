"""What chance gives, beside ranked columns drawn row by row."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import rankdata

from lmgeo.numerics.parallel_analysis import chance_eigenvalues, dimensions


@pytest.mark.parametrize(("rows", "columns"), [(6, 4), (10, 15), (60, 8)])
def test_thresholds_are_those_of_ranked_independent_columns(rows: int, columns: int) -> None:
    random = np.random.default_rng(0)
    drawn = [
        np.linalg.eigvalsh(np.corrcoef(rankdata(random.normal(size=(rows, columns)), axis=0).T))[::-1]
        for _ in range(1500)
    ]
    found = chance_eigenvalues(rows, columns, 0)
    np.testing.assert_allclose(found, np.percentile(drawn, 95, axis=0), rtol=0.06, atol=0.06)


def test_thresholds_repeat_and_fall() -> None:
    found = chance_eigenvalues(50, 12, 3)
    assert (found == chance_eigenvalues(50, 12, 3)).all()
    assert (np.diff(found) < 0).all()
    assert found.sum() > 12  # percentiles lie above the means, which sum to the number of columns


def test_two_rows_and_one_column() -> None:
    np.testing.assert_allclose(chance_eigenvalues(2, 3, 0)[:1], [3.0])
    np.testing.assert_allclose(chance_eigenvalues(30, 1, 0), [1.0])


def test_dimensions_are_counted_up_to_the_first_that_is_chance() -> None:
    thresholds = np.array([1.5, 1.2, 1.0, 0.8])
    assert dimensions(np.array([2.0, 1.1, 1.05, 0.2]), thresholds) == 1
    assert dimensions(np.array([1.0, 1.3, 1.2, 0.9]), thresholds) == 0
    assert dimensions(thresholds + 0.1, thresholds) == 4


def test_independent_columns_rarely_show_a_dimension() -> None:
    random = np.random.default_rng(1)
    thresholds = chance_eigenvalues(60, 6, 0)
    found = []
    for _ in range(400):
        ranks = rankdata(random.normal(size=(60, 6)), axis=0)
        found.append(dimensions(np.linalg.eigvalsh(np.corrcoef(ranks.T))[::-1], thresholds))
    assert np.mean(np.array(found) > 0) == pytest.approx(0.05, abs=0.03)
