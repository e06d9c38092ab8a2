"""Two sides on the same texts: rows pair, one model runs once, unlike tokenizers are refused."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.models.load import load_model
from lmgeo.numerics.similarity import joint_moments
from lmgeo.represent.pairs import Side, represent_pair
from lmgeo.represent.run import represent
from lmgeo.states.rows import Rows
from lmgeo.states.steps import Steps
from tests.conftest import sentences

TEXTS = sentences(30)


@pytest.fixture(scope="module")
def model(checkpoint):
    return load_model(checkpoint)


@pytest.fixture(scope="module")
def twin(checkpoint):
    return load_model(checkpoint, untrained_seed=3)


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory, text_file: Path):
    """A model with another vocabulary."""
    from lmgeo.core.spec.model import PretrainSpec
    from lmgeo.train.pretrain import pretrain

    spec = PretrainSpec(width=24, layers=1, vocabulary=300, steps=1, batch_size=8, corpus=f"text:{text_file}")
    backwards = [sentence[::-1] for sentence in sentences()]
    return load_model(pretrain(spec, backwards, tmp_path_factory.mktemp("other") / "model").path)


def rows(handle, site: str, tokens: str) -> np.ndarray:
    return represent(handle, TEXTS, [site], tokens, [Rows]).states[site][Rows].matrix()


def assert_joint(found, X: np.ndarray, Y: np.ndarray) -> None:
    expected, joint = joint_moments(np.hstack([X, Y]), X.shape[1]), found.joint.joint()
    assert (joint.n, joint.left, found.n_rows) == (expected.n, expected.left, len(X))
    np.testing.assert_allclose(joint.scatter, expected.scatter, atol=1e-4 * np.abs(expected.scatter).max())


@pytest.mark.parametrize("tokens", ["all", "content", "last", "mean"])
def test_two_models_pair_token_by_token(model, twin, tokens: str) -> None:
    found = represent_pair(Side(model, "final"), Side(twin, "block.0"), TEXTS, tokens, joint=True)
    assert_joint(found, rows(model, "final", tokens), rows(twin, "block.0", tokens))


def test_two_sites_of_one_model_need_one_pass(model, monkeypatch: pytest.MonkeyPatch) -> None:
    passes = []
    forward = type(model).forward
    monkeypatch.setattr(type(model), "forward", lambda *a, **k: passes.append(a[3]) or forward(*a, **k))
    sides = Side(model, "embeddings"), Side(model, "final")
    found = represent_pair(*sides, TEXTS, "all", joint=True, kinds=[Steps, Rows])
    assert set(passes) == {("embeddings", "final")}
    for states, side in ((found.a, sides[0]), (found.b, sides[1])):
        assert states[Rows].n == states[Steps].n == found.n_rows
        alone = rows(model, side.site, "all")
        np.testing.assert_allclose(states[Rows].matrix(), alone, atol=1e-5 * np.abs(alone).max())
    assert_joint(found, rows(model, "embeddings", "all"), rows(model, "final", "all"))


def test_unlike_tokenizers_pair_by_sequence_alone(model, other) -> None:
    sides = Side(model, "final"), Side(other, "final")
    with pytest.raises(SpecError, match="split text into unlike tokens") as caught:
        represent_pair(*sides, TEXTS, "all", joint=True)
    assert "--tokens mean" in caught.value.mend
    found = represent_pair(*sides, TEXTS, "mean", joint=True)
    assert_joint(found, rows(model, "final", "mean"), rows(other, "final", "mean"))
    assert represent_pair(*sides, TEXTS, "all", joint=False, kinds=[Steps]).a[Steps].n > 0


def test_texts_without_tokens_are_left_out_of_both(model, twin) -> None:
    found = represent_pair(Side(model, "final"), Side(twin, "final"), [*TEXTS[:3], ""], "mean", joint=True)
    assert found.n_rows in (3, 4)  # a tokenizer may mark an empty text's ends
    with pytest.raises(NotEnoughData):
        represent_pair(Side(model, "final"), Side(twin, "final"), [], "all", joint=True)


def test_what_is_named_wrongly(model) -> None:
    side = Side(model, "final")
    with pytest.raises(UnknownName, match=r"block\.9"):
        represent_pair(side, Side(model, "block.9"), TEXTS, "all", joint=True)
    with pytest.raises(UnknownName, match="token policy"):
        represent_pair(side, side, TEXTS, "al", joint=True)


def test_progress_reaches_its_end(model) -> None:
    seen: list[tuple[float, float]] = []
    side = Side(model, "final")
    represent_pair(side, side, TEXTS, "all", joint=True, progress=lambda label, done, total: seen.append((done, total)))
    assert seen[-1] == (30, 30)
