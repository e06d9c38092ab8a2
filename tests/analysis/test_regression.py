"""Least squares beside statsmodels, and hold-out predictions by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf

from lmgeo.analysis.holdout import holdouts, row_keys
from lmgeo.analysis.regression import calibration, regressions


@pytest.fixture
def table() -> pd.DataFrame:
    random = np.random.default_rng(0)
    family = random.choice(["bert", "roberta", "electra"], 60)
    x = random.normal(size=60) + 1e4
    y = 0.5 * x + 0.3 * (family == "roberta") + random.normal(size=60)
    return pd.DataFrame({"x": x, "y": y, "family": family.astype(object)})


def forms(table: pd.DataFrame) -> list[dict]:
    return regressions({"x": table["x"].to_numpy()}, table["y"].to_numpy(), "family", table["family"].to_numpy())


def test_both_forms_equal_statsmodels(table: pd.DataFrame) -> None:
    plain, beside = forms(table)
    theirs = smf.ols("y ~ x", table).fit()
    assert plain["by"] is None
    assert plain["r2"] == pytest.approx(theirs.rsquared, abs=1e-8)
    assert plain["coefficients"]["intercept"] == pytest.approx(theirs.params["Intercept"], rel=1e-6)
    assert plain["coefficients"]["x"] == pytest.approx(theirs.params["x"], rel=1e-6)
    theirs = smf.ols("y ~ x + C(family)", table).fit()
    assert beside["r2"] == pytest.approx(theirs.rsquared, abs=1e-8)
    assert list(beside["coefficients"]) == ["intercept", "x", "family[electra]", "family[roberta]"]
    for level in ("electra", "roberta"):
        mine, other = beside["coefficients"][f"family[{level}]"], theirs.params[f"C(family)[T.{level}]"]
        assert mine == pytest.approx(other, rel=1e-6)


def test_too_few_rows_and_nested_levels_have_reasons(table: pd.DataFrame) -> None:
    assert "too few" in forms(table.drop_duplicates("family").iloc[:3])[1]["reason"]
    nested = table.assign(x=(table["family"] == "bert").astype(float))
    assert "determine" in forms(nested)[1]["reason"]


def test_holdout_predictions_and_error(table: pd.DataFrame) -> None:
    held = pd.DataFrame(
        {
            "model": ["a", "b", "c"],
            "x": [9999.0, 10001.0, np.nan],
            "family": ["bert", "gpt", "bert"],
            "y": [5e3, 5e3, 5e3],
        }
    )
    x, y = table["x"].to_numpy(), table["y"].to_numpy()
    plain, beside = holdouts({"final.x": x}, ("y", y), ("family", table["family"].to_numpy()), held)
    theirs = smf.ols("y ~ x", table).fit().predict(held)
    assert [plain["predictions"][m] for m in "ab"] == pytest.approx(list(theirs[:2]), abs=1e-6)
    assert plain["predictions"]["c"] is None
    assert plain["mse"] == pytest.approx(np.mean((theirs[:2] - 5e3) ** 2), rel=1e-6)
    assert plain["baseline_mse"] == pytest.approx((y.mean() - 5e3) ** 2, rel=1e-9)
    assert plain["calibration"] is None  # two predictions say nothing of a slope
    assert beside["predictions"]["b"] is None
    assert (beside["unseen"], beside["scored"]) == (1, 1)


def test_calibration_is_the_line_of_what_was_observed_on_what_was_predicted(table: pd.DataFrame) -> None:
    held = table.assign(y=3.0 * table["y"] - 7.0)
    found = holdouts({"x": table["x"].to_numpy()}, ("y", table["y"].to_numpy()), None, held)[0]
    predicted = np.array(list(found["predictions"].values()))
    theirs = smf.ols("y ~ p", held.assign(p=predicted)).fit()
    assert found["calibration"]["slope"] == pytest.approx(theirs.params["p"], rel=1e-6)
    assert found["calibration"]["intercept"] == pytest.approx(theirs.params["Intercept"], rel=1e-6)
    assert found["calibration"]["slope"] == pytest.approx(3.0, rel=1e-9)  # least squares on the fitted rows has slope 1
    assert found["baseline_mse"] == pytest.approx(np.mean((held["y"] - table["y"].mean()) ** 2), rel=1e-9)
    assert calibration(predicted, np.full_like(predicted, 2.0)) is None


def test_holdout_without_target_measure_or_names(table: pd.DataFrame) -> None:
    x, y = {"x": table["x"].to_numpy()}, ("y", table["y"].to_numpy())
    assert holdouts(x, y, None, pd.DataFrame({"x": [1.0, 2.0]}))[0]["mse"] is None
    assert holdouts(x, y, None, pd.DataFrame({"x": [1.0, 2.0]}))[0]["baseline_mse"] is None
    assert list(holdouts(x, y, None, pd.DataFrame({"x": [1.0, 2.0]}))[0]["predictions"]) == ["0", "1"]
    lacking = holdouts(x, y, None, pd.DataFrame({"z": [1.0]}))[0]
    assert lacking["predictions"] == {}
    assert "lacks the measure" in lacking["reason"]
    assert row_keys(pd.DataFrame({"model": ["a", "a"]})) == ["0", "1"]
