"""`lmgeo compare` from names to the document."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lmgeo
from lmgeo.api.sides import Named, read_sides
from lmgeo.cli.main import _run
from lmgeo.core.errors import LmgeoError, NotEnoughData, SpecError

X = np.random.default_rng(0).normal(size=(200, 5))
Y = np.tanh(X) + np.random.default_rng(1).normal(size=(200, 5))


@pytest.fixture
def call(capsys):
    def run(*arguments: object) -> tuple[int, str, str]:
        code = _run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        ("m", "n", (Named("m"), Named("n"))),
        ("m:block.0", "m:final", (Named("m", "block.0"), Named("m", "final"))),
        ("hf:x/y", "hf:x/y@main:block.11", (Named("hf:x/y"), Named("hf:x/y@main", "block.11"))),
        ("m:embeddings", "untrained", (Named("m", "embeddings"), Named("m", "embeddings", 0))),
        ("m", "untrained(seed=3):block.1", (Named("m"), Named("m", "block.1", 3))),
        ("a.npz:left", "a.npz:right", (Named("a.npz", "left"), Named("a.npz", "right"))),
        ("a:b.npy", "c.safetensors:x.weight", (Named("a:b.npy"), Named("c.safetensors", "x.weight"))),
    ],
)
def test_how_sides_are_named(a: str, b: str, expected: tuple[Named, Named]) -> None:
    assert read_sides(a, b) == expected


def test_a_path_that_exists_is_that_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("run:final", "untrained"):
        (tmp_path / name).mkdir()
    assert read_sides("run:final", "untrained") == (Named("run:final"), Named("untrained"))


@pytest.mark.parametrize(
    ("a", "b", "said"),
    [
        ("m", "a.npy", "a model and a file"),
        ("a.npy", "untrained", "no untrained twin"),
        ("untrained", "m", "stands first"),
        ("m", "untrained(sed=3)", "did you mean 'seed'"),
        ("m", "untrained(seed=x)", "whole number"),
        ("m", "untrained(seed=3", "brackets"),
        ("hf:x/y:finl", "m", "did you mean 'final'"),
    ],
)
def test_a_slip_in_a_side_is_told(a: str, b: str, said: str) -> None:
    with pytest.raises(LmgeoError) as caught:
        read_sides(a, b)
    assert said in str(caught.value)


def test_arrays_and_files_give_the_same(tmp_path: Path) -> None:
    np.save(tmp_path / "x.npy", X)
    np.savez(tmp_path / "both.npz", x=X, y=Y)
    of_arrays = lmgeo.compare(X, Y)
    of_files = lmgeo.compare(str(tmp_path / "x.npy"), f"{tmp_path / 'both.npz'}:y")
    assert of_arrays["measures"] == of_files["measures"]
    assert of_arrays["n"] == 200
    assert set(of_arrays["measures"]) == {"cka", "procrustes", "curvature", "diff_erank"}
    assert of_arrays["measures"]["curvature"]["value"] is None
    assert of_arrays["measures"]["cka"]["spread"] > 0


def test_what_does_not_pair_or_is_not_there(tmp_path: Path) -> None:
    np.savez(tmp_path / "both.npz", x=X, y=Y)
    with pytest.raises(SpecError, match=r"200 rows .* 100"):
        lmgeo.compare(X, Y[:100])
    with pytest.raises(SpecError, match="holds 2 clouds: x, y"):
        lmgeo.compare(str(tmp_path / "both.npz"), str(tmp_path / "both.npz"))
    with pytest.raises(LmgeoError, match="unknown array 'z'"):
        lmgeo.compare(f"{tmp_path / 'both.npz'}:z", f"{tmp_path / 'both.npz'}:x")
    with pytest.raises(SpecError, match="NaN"):
        lmgeo.compare(X, np.full((200, 2), np.nan))
    with pytest.raises(NotEnoughData, match="no measure of"):
        lmgeo.compare(X, Y, ["curvature"])


def test_two_layers_of_a_model(call, checkpoint, text_file, tmp_path) -> None:
    sides = f"{checkpoint}:embeddings", f"{checkpoint}"
    code, out, _ = call(
        "compare", *sides, "--corpus", f"text:{text_file}", "--sequences", 40, "--json", "--out", tmp_path
    )
    document = json.loads(out)
    assert code == 0
    assert (document["a"], document["b"]) == (sides[0], f"{sides[1]}:final")
    assert 0 < document["measures"]["cka"]["value"] <= 1
    assert set(document["measures"]["cka"]) >= {"value", "unit", "range", "direction", "spread", "reason", "version"}
    assert document["measures"]["curvature"]["details"]["b"] > 0
    assert document["measures"]["diff_erank"]["reason"]
    assert json.loads((tmp_path / "comparison.json").read_text()) == document


def test_a_model_and_its_untrained_twin(call, checkpoint, text_file) -> None:
    def of(second: str) -> dict:
        code, out, err = call(
            "compare", checkpoint, second, "--corpus", f"text:{text_file}", "--sequences", 40, "--json"
        )
        assert code == 0, err
        return json.loads(out)

    first, second = of("untrained"), of("untrained(seed=1)")
    assert first["b"] == "untrained(seed=0):final"
    values = [d["measures"]["diff_erank"]["value"] for d in (first, second)]
    assert values[0] != values[1]
    details = first["measures"]["diff_erank"]["details"]
    assert values[0] == pytest.approx(details["untrained"] - details["model"])
    assert first["measures"]["curvature"]["value"] == second["measures"]["curvature"]["value"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["{model}", "{model}", "--measures", "ckaa"], "did you mean 'cka'"),
        (["{model}", "/nowhere"], "/nowhere"),
        (["{model}:block.9", "{model}"], "block.9"),
        (["{model}", "{model}", "--tokens", "al"], "tokens"),
        (["{model}", "{model}", "--corpus", "pydoc"], "did you mean 'pydocs'"),
        (["{model}"], "b"),
    ],
)
def test_bad_input_is_one_message_and_exit_2(call, checkpoint, arguments, said) -> None:
    code, out, err = call("compare", *[a.format(model=checkpoint) for a in arguments])
    assert (code, out) == (2, "")
    assert said in err.lower() or said in err
    assert "Traceback" not in err
