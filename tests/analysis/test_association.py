"""The correlations of the document: every yardstick, under clusters, on tables that were made to break things."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from lmgeo.analysis.analyze import PARTS, analyze
from lmgeo.core.spec.blocks import AnalyzeSpec

MINE = ("correlations", "partial", "within", "strata")


@pytest.fixture(autouse=True)
def only_these_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("lmgeo.analysis.analyze.PARTS", {name: PARTS[name] for name in MINE})


KEYS = {
    "measure", "n", "pearson", "pearson_ci", "spearman", "spearman_ci", "p", "q", "kendall", "kendall_ci",
    "distance_correlation", "p_permutation", "permuted_within", "monotone_r2",
}  # fmt: skip


def study(n: int = 48, seed: int = 0) -> pd.DataFrame:
    """Six bases of eight copies, two seeds of each strength."""
    random = np.random.default_rng(seed)
    x = random.normal(size=n)
    return pd.DataFrame(
        {
            "model": [f"m{i}" for i in range(n)],
            "base": np.repeat([f"b{i}" for i in range(6)], n // 6),
            "alpha": np.tile(np.repeat([0.0, 5.0, 10.0, 20.0], 2), n // 8),
            "noise_seed": [1, 2] * (n // 2),
            "eee": x,
            "vrm": random.normal(size=n),
            "y": x + random.normal(size=n),
        }
    )


def parts(table: pd.DataFrame, **spec: Any) -> dict[str, Any]:
    found = analyze(table, AnalyzeSpec(target="y", **spec))
    json.dumps(found, allow_nan=False)
    return {name: found[name] for name in MINE}


def test_every_yardstick_is_there_and_agrees_with_scipy() -> None:
    table = study()
    entry = parts(table)["correlations"][0]
    assert set(entry) == KEYS
    assert entry["kendall"] == pytest.approx(stats.kendalltau(table["eee"], table["y"]).statistic)
    assert entry["kendall_ci"][0] < entry["kendall"] < entry["kendall_ci"][1]
    assert entry["pearson"] ** 2 < entry["monotone_r2"] < 1.0
    assert 0.0 < entry["distance_correlation"] < 1.0
    assert entry["permuted_within"] == "base"
    assert entry["p_permutation"] < 0.05


def test_the_named_factor_is_the_one_permuted_within() -> None:
    table = study().assign(kind=np.repeat(list("uv"), 24))
    entry = parts(table, by="kind")["correlations"][0]  # three whole bases on either side
    assert entry["permuted_within"] == "kind"
    assert 0.0 < entry["p_permutation"] <= 1.0
    lone = parts(table.assign(kind=list("uvwxyz") * 8), by="kind")["correlations"][0]
    assert lone["permuted_within"] == "kind"


def test_too_few_arrangements_leave_a_reason_and_no_p() -> None:
    table = study().assign(kind=np.repeat(list("uvw"), 16))  # two bases in each: eight arrangements
    entry = parts(table, by="kind")["correlations"][0]
    assert entry["p_permutation"] is None
    assert entry["reason"] == "p_permutation: too few ways to permute the target within kind"


def test_no_figure_depends_on_other_measures_or_on_the_order_of_columns() -> None:
    table = study()
    table.loc[[3, 5], "vrm"] = np.nan
    controls = {"controls": ["alpha"]}
    both, alone = parts(table, **controls), parts(table.drop(columns="vrm"), **controls)
    turned = parts(table[["vrm", "y", "noise_seed", "alpha", "eee", "base", "model"]], **controls)
    for name in both:
        for found in (both, turned):
            same = [{k: v for k, v in e.items() if k != "q"} for e in found[name] if e["measure"] == "eee"]
            assert same == [{k: v for k, v in e.items() if k != "q"} for e in alone[name]]


def change(**columns: Any) -> Any:
    return lambda table: table.assign(**columns)


HOSTILE: dict[str, Any] = {
    "constant measure": change(eee=0.1),
    "constant target": change(y=0.3),
    "constant but for rounding": change(eee=1e15 + np.arange(48) % 3),
    "huge": lambda t: t.assign(eee=t["eee"] * 1e307, y=t["y"] * 1e307),
    "tiny": lambda t: t.assign(eee=t["eee"] * 1e-310),
    "infinite": lambda t: t.assign(eee=t["eee"].where(t.index > 3, np.inf)),
    "no value": change(eee=np.nan),
    "one odd row": change(eee=(np.arange(48) == 7) * 1.0),
    "two values": change(y=np.arange(48) % 2 * 1.0),
    "a copy of the target": lambda t: t.assign(eee=-2.0 * t["y"]),
    "a copy of the control": lambda t: t.assign(eee=t["alpha"] * 3.0),
    "no level": change(base=None),
    "one level": change(base="b"),
    "levels without repeats": lambda t: t.assign(base=t["model"], family=t["model"]),
    "sizes": change(width=np.arange(48) * 10.0),
    "sizes without value": change(width=np.nan),
    "two bases left": lambda t: t.assign(eee=t["eee"].where(t["base"].isin(["b0", "b1"]))),
    "text in a number column": lambda t: t.assign(vrm=["x", *t["vrm"].astype(str)[1:]]),
    "one row": lambda t: t.iloc[:1],
    "two rows": lambda t: t.iloc[:2],
    "three rows": lambda t: t.iloc[:3],
    "five rows": lambda t: t.iloc[:5],
}


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("spec", [{}, {"controls": ["alpha"]}, {"controls": ["alpha", "base"]}, {"by": "base"}])
def test_hostile_tables_give_values_or_reasons(name: str, spec: dict[str, Any]) -> None:
    found = parts(HOSTILE[name](study()), **spec)
    for part, key in (("correlations", "pearson"), ("partial", "spearman"), ("within", "spearman"), ("strata", "ci")):
        for entry in found[part]:
            assert (entry[key] is None) <= ("reason" in entry)


def test_a_thousand_measures_are_no_trouble() -> None:
    table = study()
    random = np.random.default_rng(0)
    more = pd.DataFrame(random.normal(size=(48, 1000)), columns=[f"x{i}" for i in range(1000)])
    entries = parts(pd.concat([table, more], axis=1))["correlations"]
    assert len(entries) == 1002
    small = np.mean([entry["p_permutation"] <= 0.05 for entry in entries[2:]])
    assert small == pytest.approx(0.05, abs=0.03)
    assert all(entry["q"] > 0.01 for entry in entries[2:])
