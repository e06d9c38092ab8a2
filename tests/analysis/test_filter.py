"""`--filter`: comparisons as numpy makes them, and errors that show the spot."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lmgeo.analysis.filter import keep
from lmgeo.analysis.filter_syntax import parse_filter
from lmgeo.core.errors import LmgeoError, SpecError, UnknownName

TABLE = pd.DataFrame(
    {
        "model": ["base", "rand", "untrained", "base|noise(alpha=20,seed=1)"],
        "alpha": [0.0, 5.0, np.nan, 20.0],
        "kind": [None, "noise", "noise", "noise"],
        "score.a-b": [0.1, 0.2, 0.3, 0.4],
    }
)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("alpha > 0", [1, 3]),
        ("alpha>=5 and alpha<20.0", [1]),
        ("alpha == 0", [0]),
        ("alpha != 0", [1, 2, 3]),
        ("alpha in [0, 20]", [0, 3]),
        ("alpha not in [0,20]", [1, 2]),
        ("model not in [rand, untrained]", [0, 3]),
        ('model == "base|noise(alpha=20,seed=1)"', [3]),
        ("kind != noise", [0]),
        ("kind == noise and score.a-b <= 0.3", [1, 2]),
        ("model == rand or alpha == 20", [1, 3]),
        ("'score.a-b' < 0.25", [0, 1]),
        ("alpha <= -1e3", []),
    ],
)
def test_rows_kept(text: str, kept: list[int]) -> None:
    assert np.flatnonzero(keep(TABLE, parse_filter(text))).tolist() == kept


@pytest.mark.parametrize(
    ("text", "spot"),
    [
        ("alpha = 0", r"write == for equality; unexpected '= 0' \(character 7\)"),
        ("alpha >", "a value is missing before the end"),
        ("alpha 3", "comparison .* is missing before '3'"),
        ("alpha in 3", r"'\[' is missing before '3'"),
        ("alpha in [1 2]", r"',' is missing before '2\]'"),
        ("alpha in []", "a value is missing"),
        ("alpha not 3", "'in' is missing before '3'"),
        ("alpha > 0 alpha < 3", "unexpected 'alpha < 3'"),
        ("__import__('os').system('x') > 0", "character 11"),
        ("", "a column is missing before the end"),
        ("alpha > 0 and", "a column is missing before the end"),
    ],
)
def test_errors_show_the_spot(text: str, spot: str) -> None:
    with pytest.raises(SpecError, match=spot):
        parse_filter(text)


def test_unknown_columns_and_wrong_kinds_are_refused() -> None:
    with pytest.raises(UnknownName, match="alpha"):
        keep(TABLE, parse_filter("alhpa > 0"))
    with pytest.raises(SpecError, match="number column"):
        keep(TABLE, parse_filter("alpha == big"))
    with pytest.raises(SpecError, match="text column"):
        keep(TABLE, parse_filter("model < rand"))
    assert keep(TABLE, parse_filter("gone > 0 and alpha > 0"), skip_unknown=True).tolist() == [False, True, False, True]


@settings(deadline=None)
@given(st.text(max_size=30))
def test_any_text_parses_or_is_refused_as_input(text: str) -> None:
    try:
        rows = keep(TABLE, parse_filter(text))
    except LmgeoError as error:
        mend = error.mend
    else:
        assert len(rows) == len(TABLE)
        return
    assert mend
