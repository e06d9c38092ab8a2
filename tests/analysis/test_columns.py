"""Which columns are measures, and how globs and hold-out names find them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.columns import counterpart, measure_columns, numbers, select
from lmgeo.core.errors import SpecError, UnknownName


def test_every_numeric_column_counts_but_the_named_ones() -> None:
    names = ["model", "base", "family", "kind", "alpha", "noise_seed", "rule", "scale", "step", "corpus", "sequences"]
    names += ["tokens", "protocol", "seed", "y", "f", "c", "eee", "glue"]
    table = pd.DataFrame({name: [1.0, 2.0] for name in names} | {"text": ["a", "b"], "flag": [True, False]})
    found, notes = measure_columns(table, "y", "f", ["c"])
    assert found == ["eee", "glue"]
    assert notes == []


def test_a_study_table_keeps_scores_spreads_and_training_choices_out_and_says_so() -> None:
    table = pd.DataFrame(
        {"final.eee": [1.0], "final.eee.spread": [0.1], "score.rte": [0.5], "score.average": [0.5], "width": [64]}
    )
    found, notes = measure_columns(table, "score.average", None, [])
    assert found == ["final.eee"]
    assert "score.rte" in notes[0]
    assert "final.eee.spread" in notes[0]
    assert "width" in notes[0]


def test_a_number_column_with_stray_text_is_said() -> None:
    table = pd.DataFrame({"x": [1.0, 2.0, 3.0], "eee": ["0.1", "oops", "0.3"]})
    found, notes = measure_columns(table, "y", None, [])
    assert found == ["x"]
    assert "'oops'" in notes[0]
    assert "row 2" in notes[0]
    with pytest.raises(SpecError, match="'oops' in data row 2"):
        numbers(table, "eee")


def test_infinities_are_missing() -> None:
    values = numbers(pd.DataFrame({"x": [1.0, np.inf, -np.inf, np.nan]}), "x")
    assert np.isfinite(values).tolist() == [True, False, False, False]


def test_globs_match_the_whole_name_or_the_part_after_the_last_dot() -> None:
    columns = ["final.eee", "block.0.eee", "final.lsq_error", "unembedding.effective_rank"]
    assert select(["eee"], columns) == ["final.eee", "block.0.eee"]
    assert select(["final.*"], columns) == ["final.eee", "final.lsq_error"]
    assert select(["*_rank", "lsq_*"], columns) == ["final.lsq_error", "unembedding.effective_rank"]
    assert select(["alpha"], columns, ["alpha"]) == ["alpha"]
    assert select(["*"], columns, ["alpha"]) == columns
    with pytest.raises(UnknownName, match="eee"):
        select(["eeee"], columns)


def test_a_name_with_brackets_is_found_by_itself() -> None:
    assert select(["a[0]"], ["a[0]", "b"]) == ["a[0]"]


def test_holdout_columns_match_whole_then_bare() -> None:
    assert counterpart("final.eee", ["eee", "final.eee"]) == "final.eee"
    assert counterpart("final.eee", ["eee", "vrm"]) == "eee"
    assert counterpart("eee", ["final.eee"]) == "final.eee"
    assert counterpart("eee", ["vrm"]) is None
    with pytest.raises(SpecError, match="block"):
        counterpart("eee", ["final.eee", "block.0.eee"])
