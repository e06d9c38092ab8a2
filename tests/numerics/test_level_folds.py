"""Levels left out by sums, beside a refit without each of them."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm

from lmgeo.numerics.level_folds import LevelFolds


@pytest.fixture
def drawn() -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), [7, 12, 20, 9])
    c = random.normal(size=(48, 3))
    x = c @ [0.5, -1.0, 0.0] + random.normal(size=48)
    return {"labels": labels, "c": c, "x": x, "y": x + c[:, 0] + random.normal(size=48)}


def folds(d: dict[str, np.ndarray], known: np.ndarray | None = None) -> LevelFolds:
    return LevelFolds.of(d["c"], d["labels"], np.ones((4, d["c"].shape[1]), dtype=bool) if known is None else known)


@pytest.mark.parametrize("with_x", [False, True])
def test_predictions_and_their_spread_equal_refits(drawn: dict[str, np.ndarray], with_x: bool) -> None:
    found = folds(drawn).predict(drawn["y"], drawn["x"] if with_x else None)
    design = sm.add_constant(np.column_stack([drawn["c"], drawn["x"]]) if with_x else drawn["c"])
    for level in range(4):
        out = drawn["labels"] == level
        fit = sm.OLS(drawn["y"][~out], design[~out]).fit()
        theirs = fit.get_prediction(design[out])
        np.testing.assert_allclose(found.values[out], theirs.predicted_mean, rtol=1e-9)
        np.testing.assert_allclose(found.spread[out], theirs.se_obs, rtol=1e-9)
        assert (found.freedom[out] == fit.df_resid).all()
        np.testing.assert_allclose(found.mean[out], drawn["y"][~out].mean())


def test_without_predictors_it_is_the_training_mean(drawn: dict[str, np.ndarray]) -> None:
    none = LevelFolds.of(np.empty((48, 0)), drawn["labels"], np.empty((4, 0), dtype=bool))
    found = none.predict(drawn["y"])
    np.testing.assert_array_equal(found.values, found.mean)


def test_what_is_unknown_for_a_level_is_left_out_for_it_alone(drawn: dict[str, np.ndarray]) -> None:
    known = np.ones((4, 3), dtype=bool)
    known[2, 1:] = False
    found = folds(drawn, known).predict(drawn["y"])
    first = {**drawn, "c": drawn["c"][:, :1]}
    only_first = folds(first).predict(drawn["y"])
    in_level = drawn["labels"] == 2
    np.testing.assert_allclose(found.values[in_level], only_first.values[in_level], rtol=1e-9)
    np.testing.assert_allclose(found.values[~in_level], folds(drawn).predict(drawn["y"]).values[~in_level], rtol=1e-9)


def test_a_predictor_that_the_others_determine_adds_nothing(drawn: dict[str, np.ndarray]) -> None:
    alone = folds(drawn).predict(drawn["y"])
    beside = folds(drawn).predict(drawn["y"], 2.0 * drawn["c"][:, 0] - drawn["c"][:, 1])
    np.testing.assert_allclose(beside.values, alone.values, rtol=1e-9)
    np.testing.assert_array_equal(beside.freedom, alone.freedom)


def test_too_few_training_rows_give_no_prediction() -> None:
    labels = np.array([0, 1, 2, 2, 2, 2])
    c = np.random.default_rng(1).normal(size=(6, 1))
    found = LevelFolds.of(c, labels, np.ones((3, 1), dtype=bool)).predict(c[:, 0] ** 2)
    assert np.isfinite(found.values).tolist() == [True, True, False, False, False, False]
