"""`lmgeo verify` as a user meets it, and what `measure` says of a suite."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from tests.suites import train


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("cli") / "run", steps=50, marks=range(0, 51, 10))


@pytest.fixture
def suite(trained: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(trained, tmp_path / "run"))


def test_a_sound_suite_ends_with_zero(call, suite: Path) -> None:
    code, out, _ = call("verify", suite, "--json")
    assert code == 0
    assert json.loads(out) == {"ok": True, "faults": [], "suite": "run", "runs": {"run": 6}, "notes": []}
    assert call("verify", suite)[1] == "run: 6 steps of 1 run, no fault found\n"


def test_a_fault_ends_with_one(call, suite: Path) -> None:
    shutil.rmtree(suite / "step-20")
    code, out, _ = call("verify", suite, "--json")
    document = json.loads(out)
    assert (code, document["ok"]) == (1, False)
    detail = "it is not there; the spacing of the others asks for it"
    assert document["faults"] == [{"kind": "missing_step", "where": "step 20", "detail": detail}]
    code, out, _ = call("verify", suite)
    assert code == 1
    assert "missing_step  step 20  it is not there" in out
    assert out.endswith("run: 5 steps of 1 run, 1 fault\n")
    assert call("verify", suite, "--steps", "0,10,30-50:10")[0] == 0


@pytest.mark.parametrize(
    "asked",
    [["--steps", "many"], ["--steps", "9-1"], *(["--budget", gb] for gb in ("-1", "nan", "inf")), ["nowhere"]],
)
def test_bad_input_ends_with_two(asked: list[str], call, suite: Path) -> None:
    code, out, err = call("verify", *([suite, *asked] if len(asked) > 1 else asked))
    assert (code, out) == (2, "")
    assert "→" in err


def test_the_hub_is_refused_offline(call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMGEO_OFFLINE", "1")
    code, out, err = call("verify", "hf:me/suite")
    assert (code, out) == (2, "")
    assert "network is not allowed" in err


def test_measure_names_the_command_for_suites(call, suite: Path) -> None:
    code, _, err = call("measure", suite)
    assert code == 2
    assert f"`lmgeo run` measures its steps in a study with\n    models:\n      - steps: {suite}" in err
