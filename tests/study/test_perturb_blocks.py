"""Kinds that ask for more than weights, in a study: their text is in the keys, their settings in the table."""

from __future__ import annotations

import shutil

import pytest
import torch

from lmgeo.api.studies import plan_study
from lmgeo.core.errors import SpecError
from lmgeo.store.store import Store
from lmgeo.store.table import wide_table
from lmgeo.study.execute import execute, variant_model
from lmgeo.study.run import missing_cells


@pytest.fixture
def quantizing(study, text_file, tmp_path):
    """A study of three kinds, calibrated on a copy of the text."""
    shutil.copy(text_file, tmp_path / "calibration.txt")
    text = {"corpus": f"text:{tmp_path / 'calibration.txt'}", "sequences": 30}
    study["perturb"] = [{"round": {"bits": [3, 4]}}, {"gptq": {"bits": 3, **text}}, {"springer": {"gamma": 0.5}}]
    study["measure"] = {"protocol": "quickstart", "measures": ["eee"]}
    del study["evaluate"]
    return study


def test_each_is_a_row_with_its_settings(quantizing, write_study, tmp_path):
    store = Store(tmp_path / "store", create=True)
    plan = plan_study(write_study(quantizing))
    store.write(f"plans/{plan.name}.json", plan.to_json())
    assert {execute(cell, store.url)["status"] for cell in missing_cells(plan, store)} == {"done"}
    table = wide_table(store).set_index("model")
    expected = ["tiny", "tiny|round(bits=3)", "tiny|round(bits=4)", "tiny|gptq(bits=3,seed=0)"]
    assert list(table.index) == [*expected, "tiny|springer(gamma=0.5,seed=1)"]
    assert table["final.eee"].nunique() == 5
    assert table["bits"].dropna().tolist() == [3, 4, 3]
    assert table.loc["tiny|gptq(bits=3,seed=0)", "calibration_sequences"] == 30
    assert table.loc["tiny|springer(gamma=0.5,seed=1)", "gamma"] == 0.5


def test_the_calibration_text_is_in_the_keys_of_its_kind_alone(quantizing, write_study, tmp_path):
    before = {cell.label: cell.key for cell in plan_study(write_study(quantizing)).cells}
    text = tmp_path / "calibration.txt"
    text.write_text(text.read_text() + "one more sentence.\n")
    after = {cell.label: cell.key for cell in plan_study(write_study(quantizing)).cells}
    moved = [label for label in before if before[label] != after[label]]
    assert len(moved) == 1
    assert "gptq" in moved[0]


def test_a_calibration_text_that_changed_since_the_plan_is_refused(quantizing, write_study, tmp_path):
    plan = plan_study(write_study(quantizing))
    cell = next(cell for cell in plan.cells if "gptq" in cell.label)
    store = Store(tmp_path / "store", create=True)
    same = [variant_model(cell.spec, store, "cpu").weights() for _ in range(2)]
    assert all(torch.equal(w.tensor, same[1][n].tensor) for n, w in same[0].items())
    (tmp_path / "calibration.txt").write_text("another text.\n")
    with pytest.raises(SpecError, match="when the study was planned"):
        variant_model(cell.spec, store, "cpu")


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("perturb.1.gptq.corpus=text:/nowhere.txt", r"study\.yaml.*perturb\[1\]\.gptq.*nowhere"),
        ("perturb.1.gptq.sequences=0", "sequences"),
        ("perturb.0.round.bits=[1, 4]", "bits"),
        ("perturb.0.round.bits=9", "bits"),
        ("perturb.2.springer.gama=1", "did you mean 'gamma'"),
    ],
)
def test_mistakes_are_named_with_their_place(quantizing, write_study, setting, said):
    with pytest.raises(SpecError, match=f"(?s){said}"):
        plan_study(write_study(quantizing), [setting])
