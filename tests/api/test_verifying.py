"""Faults planted one at a time among the checkpoints of real, tiny runs; each is found, and nothing else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.api.verifying import parse_steps, verify
from lmgeo.core.errors import SpecError
from lmgeo.core.safetensors import read_header, to_bytes
from lmgeo.core.seeds import numpy_stream
from tests.hub import FakeHub
from tests.suites import EVERY, STEPS, put, reorder, train

MARKS = list(range(0, STEPS + 1, EVERY))


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return train(tmp_path_factory.mktemp("sound") / "run")


@pytest.fixture
def suite(sound: Path, tmp_path: Path) -> Path:
    """A copy of the sound one, to be harmed."""
    return Path(shutil.copytree(sound, tmp_path / "suite"))


def faults(path: Path, **asked: Any) -> list[tuple[str, str]]:
    found = verify(path, **asked)
    assert found["ok"] == (not found["faults"])
    assert all(set(f) == {"kind", "where", "detail"} and f["detail"] for f in found["faults"])
    return [(fault["kind"], fault["where"]) for fault in found["faults"]]


def edit_tensor(folder: Path, name: str, change: Any) -> None:
    """Rewrite one tensor of a checkpoint; `change` gives the new array or None to drop it."""
    file = folder / "model.safetensors"
    tensors, notes = read_header(file)
    arrays = {n: t.read() for n, t in tensors.items()}
    arrays[name] = change(arrays[name].copy())
    file.write_bytes(to_bytes({n: a for n, a in arrays.items() if a is not None}, notes))


def edit_config(folder: Path, **settings: Any) -> None:
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, **settings}))


HEAD = "embed_out.weight"


def test_a_sound_suite_passes(sound: Path) -> None:
    found = verify(sound)
    assert found == {"ok": True, "faults": [], "suite": "run", "runs": {"run": 11}, "notes": []}


@pytest.mark.parametrize("family", ["gpt_neox", "olmo2"])
@pytest.mark.parametrize("schedule", ["constant", "cosine"])
@pytest.mark.parametrize("seed", [1, 2])
def test_no_false_alarm(family: str, schedule: str, seed: int, tmp_path: Path) -> None:
    marks = {0, 1, 2, 4, 8, 16, 32, 64, *range(100, 301, 20)}
    train(tmp_path / "run", seed, schedule, family, marks, rate=1e-2 if seed == 1 else 1e-3)
    assert faults(tmp_path / "run") == []


@pytest.mark.parametrize(("source", "target"), [(240, 120), (60, 210), (300, 30)])
def test_a_copied_step(source: int, target: int, suite: Path) -> None:
    put(suite / f"step-{source}", suite, target)
    low, high = sorted((source, target))
    assert faults(suite) == [("same_weights", f"step-{low}, step-{high}")]
    detail = verify(suite)["faults"][0]["detail"]
    assert f"those of step-{source}" in detail
    assert ("the last step" in detail) == (source == 300)


def test_most_steps_serving_the_final_weights(suite: Path) -> None:
    for step in MARKS[2:-1]:
        put(suite / "step-300", suite, step)
    assert faults(suite) == [("same_weights", "step-60, step-90, step-120, step-150, step-180, step-210 and 3 more")]


@pytest.mark.parametrize("step", MARKS[1:-1])
def test_a_missing_step(step: int, suite: Path) -> None:
    shutil.rmtree(suite / f"step-{step}")
    assert faults(suite) == [("missing_step", f"step {step}")]
    assert faults(suite, steps=[s for s in MARKS if s != step]) == []


def test_a_missing_step_by_list(suite: Path) -> None:
    shutil.rmtree(suite / "step-300")
    assert faults(suite) == []
    assert faults(suite, steps=parse_steps("0-300:30")) == [("missing_step", "step 300")]


@pytest.mark.parametrize(("a", "b"), [(30, 60), (120, 210), (270, 300), (60, 300), (210, 240)])
def test_two_steps_swapped(a: int, b: int, suite: Path) -> None:
    reorder(suite, {a: b, b: a})
    assert faults(suite) == [("out_of_place", f"step-{a}, step-{b}")]


def test_a_step_moved_among_others_names_its_place(suite: Path) -> None:
    reorder(suite, {60: 240, **{s: s - 30 for s in range(90, 241, 30)}})
    assert faults(suite) == [("out_of_place", "step-240")]
    assert "step-30 and step-60" in verify(suite)["faults"][0]["detail"]


@pytest.mark.parametrize("seed", range(4))
def test_shuffled_steps(seed: int, suite: Path) -> None:
    inner = MARKS[1:]
    mixed = numpy_stream(seed, "test_shuffled").permutation(inner).tolist()
    reorder(suite, dict(zip(inner, mixed, strict=True)))
    found = faults(suite)
    assert {kind for kind, _ in found} == {"out_of_place"}
    named = {int(label.removeprefix("step-")) for _, where in found for label in where.split(", ")}
    right = {target for source, target in zip(inner, mixed, strict=True) if source == target}
    assert len(named - right) >= 3


def test_a_step_0_that_was_trained(suite: Path) -> None:
    put(suite / "step-60", suite, 0)
    assert faults(suite) == [("trained_step_0", "step-0"), ("same_weights", "step-0, step-60")]
    shutil.rmtree(suite / "step-60")
    assert faults(suite, steps=[0, 30, *MARKS[3:]]) == [("trained_step_0", "step-0")]
    detail = verify(suite)["faults"][1]["detail"]
    assert "18 of 18 gains and biases are not what they start as" in detail
    assert "times the edge of its bulk" in detail


def test_nan_and_infinity(suite: Path) -> None:
    def harm(array: np.ndarray) -> np.ndarray:
        array[1, 2] = np.nan
        array[3, 4] = np.inf
        return array

    edit_tensor(suite / "step-120", HEAD, harm)
    assert faults(suite) == [("not_finite", "step-120")]
    assert "1 NaN and 1 infinite of 2048" in verify(suite)["faults"][0]["detail"]


def test_a_step_of_another_run(suite: Path, tmp_path: Path) -> None:
    put(train(tmp_path / "other", seed=5, marks=[120]) / "step-120", suite, 120)
    assert faults(suite) == [("jump", "step-120")]


def test_another_run_from_a_step_on(suite: Path, tmp_path: Path) -> None:
    train(tmp_path / "other", seed=5, marks=range(150, 301, 30))
    for step in range(150, 301, 30):
        put(tmp_path / "other" / f"step-{step}", suite, step)
    assert faults(suite) == [("jump", "step-120 to step-150")]


def test_unlike_shapes_tensors_and_settings(suite: Path) -> None:
    edit_tensor(suite / "step-90", HEAD, lambda a: a[:60])
    edit_tensor(suite / "step-120", HEAD, lambda a: None)
    edit_config(suite / "step-150", tie_word_embeddings=True, transformers_version="0.0")
    found = {f["where"]: f for f in verify(suite)["faults"]}
    assert {f["kind"] for f in found.values()} == {"architecture"}
    assert f"{HEAD} is [60, 32] instead of [64, 32]" in found["step-90"]["detail"]
    assert f"{HEAD} is lacking" in found["step-120"]["detail"]
    assert found["step-150"]["detail"].endswith("tie_word_embeddings is True instead of False")


def test_steps_that_cannot_be_read(suite: Path) -> None:
    file = suite / "step-90" / "model.safetensors"
    file.write_bytes(file.read_bytes()[:1000])
    (suite / "step-120" / "config.json").unlink()
    (suite / "step-0" / "config.json").write_text('{"model_type": "nothing-known"}')
    found = verify(suite)["faults"]
    assert [(f["kind"], f["where"]) for f in found] == [("unreadable", f"step-{n}") for n in (0, 90, 120)]


def test_another_tokenizer(suite: Path) -> None:
    for step in MARKS[1:]:
        (suite / f"step-{step}" / "vocab.txt").write_text("a\nb\n" if step == 210 else "a\nc\n")
    assert faults(suite) == [("tokenizer", "step-210")]


def test_two_names_for_one_step(suite: Path) -> None:
    shutil.copytree(suite / "step-90", suite / "checkpoint-90")
    assert faults(suite) == [
        ("repeated_step", "checkpoint-90, step-90"),
        ("same_weights", "checkpoint-90, step-90"),
    ]


def test_runs_are_judged_each_on_its_own(sound: Path, suite: Path, tmp_path: Path) -> None:
    root = tmp_path / "runs"
    shutil.copytree(sound, root / "a")
    shutil.copytree(suite, root / "b")
    shutil.rmtree(root / "b" / "step-90")
    shutil.rmtree(root / "a" / "step-0")
    found = verify(root)
    assert [(f["kind"], f["where"]) for f in found["faults"]] == [("missing_step", "b/step 90")]
    assert found["notes"] == ["a has no step 0: whether it began untrained is not checked"]


def test_a_suite_on_the_hub_leaves_nothing_behind(suite: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reorder(suite, {60: 150, 150: 60})
    hub = FakeHub("me/suite", {"main": suite / "step-300", **{f"step{s}": suite / f"step-{s}" for s in MARKS}})
    hub.install(monkeypatch)
    found = verify("hf:me/suite")
    assert [(f["kind"], f["where"]) for f in found["faults"]] == [("out_of_place", "step60, step150")]
    assert found["notes"] == ["not understood as steps: main"]
    assert len(hub.downloads) == 11
    assert not any(folder.exists() for folder in hub.folders)
    with pytest.raises(SpecError, match="budget"):
        verify("hf:me/suite", budget=1000)


@pytest.mark.parametrize(
    ("text", "steps"), [("0", [0]), ("0, 1,4", [0, 1, 4]), ("0,10-30:10", [0, 10, 20, 30]), ("3-5", [3, 4, 5])]
)
def test_lists_of_steps(text: str, steps: list[int]) -> None:
    assert parse_steps(text) == steps


@pytest.mark.parametrize("text", ["", "a", "1-", "1:2", "-5", "1-9:0", "1,,2", "1.5"])
def test_what_is_no_list_of_steps(text: str) -> None:
    with pytest.raises(SpecError, match="no step or range"):
        parse_steps(text)


@pytest.mark.parametrize(
    ("text", "what"), [("10-5", "ends before it begins"), ("0-10000000000", "more than 1,000,000")]
)
def test_a_range_that_asks_for_nothing_or_for_everything_is_a_slip(text: str, what: str) -> None:
    with pytest.raises(SpecError, match=what):
        parse_steps(text)
