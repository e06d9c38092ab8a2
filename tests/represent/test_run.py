"""Representations against one plain pass a sequence, and what must not change them."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.models.handle import ModelHandle
from lmgeo.represent.run import Representation, represent
from lmgeo.states.batch import RowBatch
from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows

POLICIES = ["all", "content", "last", "mean"]


@pytest.fixture(scope="module")
def plainly(handle: ModelHandle, texts: list[str]) -> Callable[[str, str], np.ndarray]:
    """Rows in order of sequence and position, from one pass a sequence by transformers itself."""
    passes = []
    for text in texts:
        ids = handle.tokenizer(text, truncation=True, max_length=24)["input_ids"]
        with torch.no_grad():
            output = handle.backbone(input_ids=torch.tensor([ids]), output_hidden_states=True)
        states = {"embeddings": output.hidden_states[0][0].numpy(), "final": output.last_hidden_state[0].numpy()}
        passes.append((states, np.isin(ids, [2, 3])))

    def rows(site: str, policy: str) -> np.ndarray:
        choose: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
            "all": lambda state, special: state,
            "content": lambda state, special: state[~special],
            "last": lambda state, special: state[-1:],
            "mean": lambda state, special: state.mean(axis=0)[None],
        }
        return np.concatenate([choose[policy](states[site], special) for states, special in passes])

    return rows


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("tokens_per_batch", [1, 100, 100_000])
def test_rows_are_those_of_single_passes(
    handle: ModelHandle,
    texts: list[str],
    plainly: Callable[[str, str], np.ndarray],
    policy: str,
    tokens_per_batch: int,
) -> None:
    found = represent(handle, texts, ["embeddings", "final"], policy, [Rows], tokens_per_batch=tokens_per_batch)
    for site in ("embeddings", "final"):
        rows = found.states[site][Rows].matrix()
        expected = plainly(site, policy)
        assert rows.shape == expected.shape
        assert rows.dtype == np.float32
        np.testing.assert_allclose(rows, expected, rtol=1e-4, atol=2e-6)


def test_every_token_is_counted_once(handle: ModelHandle, texts: list[str]) -> None:
    lengths = [len(ids) for ids in handle.tokenizer(texts, truncation=True, max_length=24)["input_ids"]]
    found = represent(handle, texts, ["all"], "all", [Moments, Directions])
    assert (found.n_sequences, found.n_tokens, found.n_rows) == (30, sum(lengths), sum(lengths))
    assert all(state.n == sum(lengths) for states in found.states.values() for state in states.values())
    assert list(found.states) == list(handle.sites)


@pytest.mark.parametrize("policy", POLICIES)
def test_the_rows_know_where_they_come_from(handle: ModelHandle, texts: list[str], policy: str) -> None:
    found = represent(handle, texts, ["final"], policy, [Rows], tokens_per_batch=64)
    kept = found.states["final"][Rows].kept()
    lengths = np.array([len(ids) for ids in handle.tokenizer(texts, truncation=True, max_length=24)["input_ids"]])
    counts = np.bincount(kept.sequence, minlength=30)
    last = kept.position == lengths[kept.sequence] - 1
    if policy == "all":
        assert (counts == lengths).all()
        assert (kept.special == (last | (kept.position == 0))).all()
    elif policy == "content":
        assert (counts == lengths - 2).all()
        assert not kept.special.any()
    else:
        assert (counts == 1).all()
        assert last.all() if policy == "last" else (kept.position == 0).all()


def test_the_batch_size_is_but_rounding(handle: ModelHandle, texts: list[str]) -> None:
    found = [represent(handle, texts, ["final"], "all", [Moments], tokens_per_batch=t) for t in (24, 200, 10**6)]
    states = [f.states["final"][Moments] for f in found]
    for state in states[1:]:
        np.testing.assert_allclose(state.mean, states[0].mean, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(state.eigenvalues, states[0].eigenvalues, rtol=1e-3, atol=1e-6)


def test_the_same_call_gives_the_same_bits(handle: ModelHandle, texts: list[str]) -> None:
    one, two = (represent(handle, texts, ["final"], "all", [Rows]).states["final"][Rows].matrix() for _ in "ab")
    assert np.array_equal(one, two)


def test_order_of_the_texts_moves_rows_with_it(handle: ModelHandle, texts: list[str]) -> None:
    forward = represent(handle, texts, ["final"], "mean", [Rows]).states["final"][Rows].matrix()
    backward = represent(handle, texts[::-1], ["final"], "mean", [Rows]).states["final"][Rows].matrix()
    np.testing.assert_allclose(forward, backward[::-1], rtol=1e-4, atol=2e-6)


def test_the_seed_reaches_states_that_sample(handle: ModelHandle, texts: list[str]) -> None:
    def sample(states: Any, seed: int) -> Rows:
        found: Rows = represent(handle, texts, ["final"], "all", states, seed).states["final"][Rows]
        return found

    assert sample([Rows], 3).seed == 3
    assert sample({Rows: {"capacity": 10, "seed": 8}, Moments: {}}, 3).settings == {"d": 16, "capacity": 10, "seed": 8}
    assert np.array_equal(sample({Rows: {"capacity": 10}}, 3).matrix(), sample({Rows: {"capacity": 10}}, 3).matrix())
    assert not np.array_equal(
        sample({Rows: {"capacity": 10}}, 3).matrix(), sample({Rows: {"capacity": 10}}, 4).matrix()
    )


def test_sites_come_once_each_in_the_models_order(handle: ModelHandle, texts: list[str]) -> None:
    assert list(represent(handle, texts, ["final", "block.0", "final"], "last", [Moments]).states) == [
        "block.0",
        "final",
    ]


@pytest.mark.parametrize(("site", "near"), [("fnal", "final"), ("block.7", "block."), ("ALL", "'all'")])
def test_an_unknown_site(handle: ModelHandle, texts: list[str], site: str, near: str) -> None:
    with pytest.raises(UnknownName, match=near):
        represent(handle, texts, [site], "all", [Moments])


def test_an_unknown_policy_and_no_site(handle: ModelHandle, texts: list[str]) -> None:
    with pytest.raises(UnknownName, match="last"):
        represent(handle, texts, ["final"], "lst", [Moments])
    with pytest.raises(SpecError, match="no site"):
        represent(handle, texts, [], "all", [Moments])


def test_nothing_left(handle: ModelHandle) -> None:
    with pytest.raises(NotEnoughData, match="no text"):
        represent(handle, [], ["final"], "all", [Moments])
    with pytest.raises(NotEnoughData, match="content"):
        represent(handle, ["", " "], ["final"], "content", [Moments])
    assert represent(handle, ["", " "], ["final"], "all", [Moments]).n_rows == 4


def test_texts_without_a_token_are_left_out_and_said(build: Callable[[str], ModelHandle], texts: list[str]) -> None:
    handle = build("llama")

    class Plain:
        """The same tokenizer without special tokens."""

        pad_token_id, eos_token_id, model_max_length, model_input_names = 0, 3, 24, ("input_ids",)

        def num_special_tokens_to_add(self, pair: bool) -> int:
            return 0

        def __call__(self, texts: list[str], pairs: None, **settings: Any) -> Any:
            return handle.tokenizer(texts, pairs, add_special_tokens=False, **settings)

    plain = ModelHandle(handle.module, "plain", Plain)
    found = represent(plain, ["", *texts, ""], ["final"], "last", [Rows])
    assert (found.n_sequences, found.n_rows) == (30, 30)
    assert found.states["final"][Rows].kept().sequence.tolist() == list(range(1, 31))
    assert any("2 of 32 sequences have no token" in note for note in found.notes)
    with pytest.raises(NotEnoughData, match="none of 2 texts"):
        represent(plain, ["", ""], ["final"], "all", [Moments])


def test_truncation_is_said(handle: ModelHandle, texts: list[str]) -> None:
    (note,) = represent(handle, texts, ["final"], "all", [Moments]).notes
    cut = sum(len(ids) == 24 for ids in handle.tokenizer(texts, truncation=True, max_length=24)["input_ids"])
    assert note.startswith(f"{cut} of 30 sequences")
    assert represent(handle, ["the cat"], ["final"], "all", [Moments]).notes == []


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_broken_hidden_states_are_refused(build: Callable[[str], ModelHandle], bad: float, texts: list[str]) -> None:
    handle = build("bert")
    name = "encoder.layer.1.output.LayerNorm.bias"
    broken = handle.with_weights({name: torch.full((16,), bad)})
    with pytest.raises(SpecError, match=r"bert at block\.1 hold NaN or infinity"):
        represent(broken, texts, ["all"], "all", [Moments])
    assert represent(broken, texts, ["block.0"], "all", [Moments]).n_rows > 0


def test_progress_counts_tokens_to_the_end(handle: ModelHandle, texts: list[str]) -> None:
    calls: list[tuple[str, float, float]] = []
    found = represent(
        handle, texts, ["final"], "last", [Moments], progress=lambda *call: calls.append(call), tokens_per_batch=100
    )
    assert len(calls) > 3
    assert [c[1] for c in calls] == sorted({c[1] for c in calls})
    assert calls[-1] == ("tokens", found.n_tokens, found.n_tokens)


class Watcher:
    """A state that keeps nothing and counts how many batches are alive at once."""

    alive: list[weakref.ref[np.ndarray]]
    most = 0

    @classmethod
    def empty(cls, d: int) -> Watcher:
        watcher = cls()
        watcher.alive = []
        return watcher

    def update(self, batch: RowBatch) -> None:
        self.alive = [ref for ref in self.alive if ref() is not None] + [weakref.ref(batch.rows)]
        self.most = max(self.most, len(self.alive))


def test_no_batch_outlives_the_next(build: Callable[[str], ModelHandle], texts: list[str]) -> None:
    found = represent(build("bert"), texts, ["final"], "all", [Watcher], tokens_per_batch=50)
    assert found.states["final"][Watcher].most <= 2


@pytest.mark.shared
@pytest.mark.parametrize("policy", POLICIES)
def test_a_real_model_counts_as_its_tokenizer_does(shared: Path, policy: str) -> None:
    from transformers import AutoTokenizer

    from lmgeo.models.load import load_model

    path = shared / "data" / "models" / "TinyStories-656K"
    text = (shared / "data" / "ptb" / "ptb.valid.txt").read_text().splitlines()[:40]
    counts = [len(ids) for ids in AutoTokenizer.from_pretrained(path)(text)["input_ids"]]
    found: Representation = represent(load_model(path), text, ["final_prenorm", "final"], policy, [Moments])
    expected = {"all": sum(counts), "content": sum(counts) - 40, "last": 40, "mean": 40}[policy]
    assert found.n_tokens == sum(counts)
    assert found.n_rows == found.states["final"][Moments].n == expected
