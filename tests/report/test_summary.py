"""The summary says what the facts say, the answer to the question first."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lmgeo.report import summary
from lmgeo.report.curves import score_curves
from lmgeo.report.statements import lead, points, sentences
from lmgeo.report.wording import coefficient


def test_the_raw_relation_names_the_strongest_measure_with_its_figures(facts: dict[str, Any]) -> None:
    top = max(facts["correlations"], key=lambda e: abs(e["pearson"]))
    said = summary.raw(facts)
    assert top["measure"] in said[0]
    assert coefficient(top["pearson"]) in said[0]
    assert "26 models" in said[0]
    whole = sentences(facts)
    for words in ("alpha held fixed", "cross-validation", "hold-out"):
        assert any(words in sentence for sentence in whole), words


def test_a_falling_relation_is_called_falling(facts: dict[str, Any]) -> None:
    turned = {**facts, "correlations": [{**e, "pearson": -abs(e["pearson"])} for e in facts["correlations"]]}
    assert "the score falls" in summary.raw(turned)[0]


def test_nothing_to_say_is_said(facts: dict[str, Any]) -> None:
    empty = {**facts, "correlations": [{"measure": "m", "n": 1, "pearson": None, "reason": "the measure is constant"}]}
    assert lead(empty)[0].startswith("Cannot tell: no measure")


def document(**changes: Any) -> dict[str, Any]:
    """One measure, strongly related, with whatever else is given."""
    entry = {"measure": "final.eee", "n": 90, "p": 1e-9, "q": 1e-9, "pearson": 0.7, "pearson_ci": [0.6, 0.8]}
    entry |= {"spearman": 0.7, "spearman_ci": [0.6, 0.8]}
    base = {"target": "loss", "n": 90, "dropped": [], "notes": [], "regressions": [], "correlations": [entry]}
    return {**base, "partial": [], "incremental": [], "holdout": [], **changes}


def partial(r: float, p: float) -> list[dict[str, Any]]:
    return [{"measure": "final.eee", "controls": ["width"], "n": 90, "spearman": r, "ci": [r - 0.2, r + 0.2], "p": p}]


def together(linear: list[float] | None, boosted: list[float] | None = None) -> dict[str, Any]:
    def form(bounds: list[float] | None) -> dict[str, Any] | None:
        return bounds and {"baseline_r2": 0.5, "delta_r2": sum(bounds) / 2, "ci": bounds}

    return {"measures": ["final.eee"], "n": 90, "folds": 5, "linear": form(linear), "boosted": form(boosted)}


ADDS, NOTHING = together([0.02, 0.1]), together([-0.05, 0.04])
STRONG = {"n": 90, "detectable_80": 0.3}


@pytest.mark.parametrize(
    ("changes", "answer"),
    [
        ({}, "Cannot tell"),
        ({"partial": partial(0.5, 1e-6), "incremental_all": ADDS}, "Yes, in this table"),
        ({"partial": partial(0.5, 1e-6), "incremental_all": NOTHING}, "Perhaps"),
        ({"partial": partial(0.1, 0.4), "incremental_all": ADDS}, "Perhaps"),
        ({"partial": partial(0.1, 0.4), "incremental_all": together([-0.05, 0.04], [0.01, 0.2])}, "Perhaps"),
        ({"partial": partial(0.1, 0.4), "incremental_all": NOTHING}, "Cannot tell"),
        ({"partial": partial(0.1, 0.4), "incremental_all": NOTHING, "power": STRONG}, "No sign"),
        ({"partial": partial(0.1, 0.4), "power": {"n": 20, "detectable_80": 0.62}}, "Cannot tell"),
        ({"partial": [{"measure": "final.eee", "controls": ["width"], "spearman": None, "p": None}]}, "Cannot tell"),
    ],
)  # fmt: skip
def test_the_answer_is_as_sure_as_the_facts(changes: dict[str, Any], answer: str) -> None:
    said = lead(document(**changes))
    assert said[0].startswith(answer)
    assert "loss" in said[0]


def test_the_grounds_hold_the_figures_that_they_name() -> None:
    said = " ".join(lead(document(partial=partial(0.5, 1e-6), incremental_all=together([0.02, 0.1], [-0.1, 0.3]))))
    for words in ("1 of 1 measures", "0.50 (0.30 to 0.70)", "+0.060 of R²", "+0.020 to +0.100", "−0.100 to +0.300"):
        assert words in said
    low = " ".join(lead(document(partial=partial(0.1, 0.4), power={"n": 20, "detectable_80": 0.62})))
    assert "20 independent models" in low
    assert "±0.62" in low


def test_the_form_that_follows_the_choices_best_decides() -> None:
    both = together([0.4, 0.7], [-0.02, 0.01])
    both["linear"]["baseline_r2"], both["boosted"]["baseline_r2"] = 0.4, 0.97
    first, why, grounds = lead(document(partial=partial(0.05, 0.6), incremental_all=both))
    assert first.startswith("No sign")
    assert "±0.25" in why
    assert "alone reach 0.97" in grounds
    assert "A linear model would credit geometry with +0.550" in grounds
    assert "their own bend" in grounds
    both["linear"]["baseline_r2"] = 0.98
    assert lead(document(partial=partial(0.05, 0.6), incremental_all=both))[0].startswith("Perhaps")


def test_a_gain_without_an_interval_settles_nothing() -> None:
    found = together([0.2, 0.4])
    found["linear"]["ci"] = None
    said = lead(document(partial=partial(0.5, 1e-6), incremental_all=found))
    assert "no gain for models held out could be tested" in said[0]
    assert "add, without an interval, +0.300 of R² in a linear model" in said[1]
    entries = [{"measure": "final.eee", "baseline_r2": 0.5, "delta_r2": 0.1, "ci": [0.02, 0.2], "folds": 5}]
    said = lead(document(partial=partial(0.5, 1e-6), incremental=entries))
    assert said[0].startswith("Yes")
    assert "1 measure of 1 clearly adds" in said[1]


def test_one_choice_is_no_contest(full: dict[str, Any]) -> None:
    alone = [{**e, "choices": e["choices"][:1], "r2": 0.25} for e in full["reflects"]]
    said = dict(points({**full, "reflects": alone}))["What geometry reflects"]
    assert said.startswith("The one choice that varies, width, accounts for 0.25 of the score's variance")


def test_many_measures_make_a_small_p_no_finding() -> None:
    entries = [{**partial(0.2, 0.03)[0], "measure": f"m{i}"} for i in range(20)]
    entries[1:] = [{**e, "p": 0.6} for e in entries[1:]]
    assert lead(document(partial=entries))[0].startswith("Cannot tell")
    assert lead(document(partial=entries[:1]))[0].startswith("Perhaps")


def test_every_part_of_a_document_has_its_sentence(full: dict[str, Any]) -> None:
    found = dict(points(full))
    assert list(found) == [
        "Raw relation", "Choices held fixed", "Within groups", "At each size", "Measure by measure", "Groups as random",
        "What geometry reflects", "What the battery measures", "Other families", "Counterexamples", "Saturation",
        "Measurement settings", "Power",
    ]  # fmt: skip
    dimensions = full["alignment"]["dimensions"]
    assert f"count as {dimensions} independent thing" in found["What the battery measures"]
    assert f"±{full['power']['detectable_80']:.2f}" in found["Power"]
    mean = next(e["mse"] for e in full["transfer"] if e["form"] == "mean" and e["by"] == "family")
    alone = [e for e in full["transfer"] if e["form"] == "measure" and e["by"] == "family"]
    better = sum(e["mse"] < mean for e in alone)
    assert f"{better} of {len(alone)} measures predict better than the plain mean" in found["Other families"]
    assert min(alone, key=lambda e: e["mse"])["measure"] in found["Other families"]
    turned = [m["measure"] for m in full["sensitivity"]["measures"] if not m["same_sign"]]
    assert f"{len(turned)} of 18 measures" in found["Measurement settings"]


def test_settings_are_summed_up_by_bare_names_too(full: dict[str, Any]) -> None:
    top = summary.ranked(full)[0]["measure"]
    site, _, name = top.rpartition(".")
    entries = [{**e, "measure": e["measure"].removeprefix(f"{site}.")} for e in full["sensitivity"]["measures"]]
    said = dict(points({**full, "sensitivity": {**full["sensitivity"], "measures": entries[::-1]}}))
    assert f"the correlation of {name} runs" in said["Measurement settings"]


def test_curves_hold_means_and_pooled_intervals(table: pd.DataFrame) -> None:
    curves = score_curves(table, "score.average")
    assert curves is not None
    assert (curves["axis"], curves["scores"], curves["groups"]) == (
        "alpha",
        ["average", "order", "topic"],
        ["tiny-a", "tiny-b"],
    )
    rows = table[(table["base"] == "tiny-a") & (table["alpha"] == 20)]["score.order"]
    mean = next(m for m in curves["means"] if (m["x"], m["score"], m["group"]) == (20, "order", "tiny-a"))
    assert mean["mean"] == pytest.approx(rows.mean())
    own = table[table["base"] == "tiny-a"].groupby("alpha")["score.order"].agg(["var", "count"])
    from scipy import stats

    half = stats.t.ppf(0.975, 6) * np.sqrt(own["var"].mean() / 2)  # six values of α with two rows each
    assert mean["high"] - mean["mean"] == pytest.approx(half)
    assert score_curves(table.drop(columns="alpha"), "score.average") is None
