"""`lmgeo pretrain` as a user meets it: one causal model, looked at along the way, and what goes wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

Call = Callable[..., tuple[int, str, str]]
SMALL: dict[str, Any] = {
    "architecture": "olmo2",
    "width": 16,
    "layers": 1,
    "heads": 2,
    "vocabulary": 300,
    "max_length": 16,
    "steps": 16,
    "batch_size": 4,
}


@pytest.fixture
def write(tmp_path: Path, text_file: Path) -> Callable[..., Path]:
    def spec(**changes: Any) -> Path:
        path = tmp_path / "spec.yaml"
        path.write_text(yaml.safe_dump({**SMALL, "corpus": f"text:{text_file}", **changes}))
        return path

    return spec


def test_geometry_and_loss_along_training_and_folders_that_verify_passes(
    call: Call, write: Callable[..., Path], tmp_path: Path
) -> None:
    out = tmp_path / "model"
    code, printed, _ = call("pretrain", write(even_checkpoints=4, keep_checkpoints=True), "--out", out, "--json")
    assert code == 0
    made = json.loads(printed)
    assert (made["path"], set(made)) == (str(out), {"path", "key"})
    record = json.loads((out / "training.json").read_text())
    assert [look["step"] for look in record["looks"]] == [0, 4, 8, 12, 16]
    assert record["tokens"] == 16 * 4 * 16
    for look in record["looks"]:
        assert look["tokens"] == look["step"] * 64
        assert look["loss"] > 0
        assert look["bits_per_byte"] > 0
        assert set(look["objects"]) == {"unembedding", "final", "final.last"}
        assert look["objects"]["unembedding"]["effective_rank"]["value"] > 1
    assert record["looks"][-1]["loss"] < record["looks"][0]["loss"]
    assert {p.name for p in out.glob("step-*")} == {f"step-{n}" for n in (0, 4, 8, 12, 16)}
    code, printed, _ = call("verify", out, "--json")
    assert (code, json.loads(printed)["faults"]) == (0, [])
    code, printed, _ = call("pretrain", write(even_checkpoints=4, keep_checkpoints=True), "--out", out)
    assert (code, printed) == (0, f"{out} (key {made['key']})\n")  # done already


def test_a_masked_model_is_looked_at_too(call: Call, write: Callable[..., Path], tmp_path: Path) -> None:
    spec = write(architecture="bert", log_checkpoints=True, steps=3)
    assert call("pretrain", spec, "--out", tmp_path / "model")[0] == 0
    looks = json.loads((tmp_path / "model" / "training.json").read_text())["looks"]
    assert [look["step"] for look in looks] == [0, 1, 2, 3]
    assert all("final" in look["objects"] and look["loss"] is None for look in looks)


def test_without_checkpoints_nothing_is_looked_at_and_asked_for_later_it_is_refused(
    call: Call, write: Callable[..., Path], tmp_path: Path
) -> None:
    assert call("pretrain", write(steps=2), "--out", tmp_path / "model")[0] == 0
    record = json.loads((tmp_path / "model" / "training.json").read_text())
    assert (record["looks"], record["looks_key"]) == ([], None)
    code, out, err = call("pretrain", write(steps=2, log_checkpoints=True), "--out", tmp_path / "model")
    assert (code, out) == (2, "")
    assert "looked at elsewhere or otherwise" in err
    assert "give a new folder" in err


def test_a_spec_may_stand_under_its_name(call: Call, write: Callable[..., Path], tmp_path: Path) -> None:
    path = write(steps=2)
    path.write_text(yaml.safe_dump({"pretrain": yaml.safe_load(path.read_text())}))
    assert call("pretrain", path, "--out", tmp_path / "model", "--json")[0] == 0


def test_a_wrong_key_is_bad_input_with_the_near_name(call: Call, write: Callable[..., Path], tmp_path: Path) -> None:
    code, out, err = call("pretrain", write(lerning_rate=1), "--out", tmp_path / "model")
    assert (code, out) == (2, "")
    assert "unknown key 'lerning_rate'" in err
    assert "did you mean 'learning_rate'" in err
    assert "spec.yaml" in err
    assert not (tmp_path / "model").exists()


def test_a_diverging_run_is_told_and_leaves_no_model(call: Call, write: Callable[..., Path], tmp_path: Path) -> None:
    spec = write(learning_rate=1e30, warmup_fraction=0.0, log_checkpoints=True)
    code, out, err = call("pretrain", spec, "--out", tmp_path / "model")
    assert (code, out) == (2, "")
    assert "training diverged" in err
    assert "smaller learning_rate" in err
    assert not (tmp_path / "model").exists()


def test_the_second_of_a_team_is_silent(
    call: Call, write: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RANK", "1")
    assert call("pretrain", write(steps=2), "--out", tmp_path / "model", "--json") == (0, "", "")


def test_help_says_what_is_looked_at(call: Call) -> None:
    _, out, _ = call("pretrain", "--help")
    text = " ".join(out.split())
    assert "log_checkpoints, even_checkpoints" in text
    assert "torchrun" in text
