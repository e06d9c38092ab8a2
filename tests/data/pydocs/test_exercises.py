"""The built-in tasks' labels are true, their classes equal, their splits disjoint."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData
from lmgeo.data.pydocs import makers
from lmgeo.data.pydocs.exercises import Exercise, _split
from lmgeo.data.pydocs.library import load_library
from lmgeo.data.tasks import TASKS, TaskData, load_task, task_identity

NAMES = ["pydocs-order", "pydocs-overlap", "pydocs-shuffled", "pydocs-topic"]
SENTENCES = {s.text: s for s in load_library().sentences}
BARE = {" ".join(makers._bare_words(text)) for text in SENTENCES}


def texts(data: TaskData, part: str) -> set[str]:
    examples = getattr(data, part)
    # what is left of two sentences may be one and the same word
    seconds = [] if data.task.name == "pydocs-overlap" else examples.second or []
    return {*examples.first, *seconds}


@pytest.mark.parametrize("name", NAMES)
def test_sizes_classes_and_disjoint_parts(name: str) -> None:
    data = load_task(name)
    assert len(data.train) == (4_000 if name != "pydocs-order" else pytest.approx(3_000, rel=0.1))
    assert len(data.train) / len(data.dev) == pytest.approx(5, rel=0.01)
    assert not texts(data, "train") & texts(data, "dev")
    for part in (data.train, data.dev):
        assert (part.second is None) == (data.task.kind == "single")
        if data.task.labels is not None:
            counts = np.bincount(part.labels, minlength=len(data.task.labels))
            assert len(set(counts.tolist())) == 1
            assert abs(np.diff(part.labels)).sum() > len(part) / 4  # mixed, not sorted by class


@pytest.mark.parametrize("name", NAMES)
def test_the_same_every_time_whatever_is_given(name: str) -> None:
    before = load_task(name)
    _split.cache_clear()
    after = load_task(name, "/no/such/folder", seed=5)
    assert before.train.first == after.train.first
    np.testing.assert_array_equal(before.dev.labels, after.dev.labels)
    assert before.content == after.content
    assert task_identity(name)["data"]["content"] == load_library().content


def test_order_is_true() -> None:
    data = load_task("pydocs-order").dev
    for a, b, label in zip(data.first, data.second or [], data.labels, strict=True):
        first, second = (SENTENCES[a], SENTENCES[b]) if label == 1 else (SENTENCES[b], SENTENCES[a])
        assert (first.document, first.passage) == (second.document, second.passage)
        assert first.position < second.position


def test_topic_is_true() -> None:
    data = load_task("pydocs-topic").dev
    for text, label in zip(data.first, data.labels, strict=True):
        kind, _, name = SENTENCES[text].document.partition(":")
        topic = makers.TOPICS[label]
        assert (kind == "topic") if topic == "language" else name.split(".")[0] in makers.TOPIC_GROUPS[topic]


def test_topic_groups_share_no_module() -> None:
    counts = Counter(module for group in makers.TOPIC_GROUPS.values() for module in group)
    assert set(counts.values()) == {1}


def test_shuffled_is_true() -> None:
    data = load_task("pydocs-shuffled").dev
    own = {tuple(sorted(text.split())) for text in BARE}
    for text, label in zip(data.first, data.labels, strict=True):
        assert tuple(sorted(text.split())) in own
        assert label == 1 or text in BARE


def test_overlap_is_the_share_of_words_left() -> None:
    data = load_task("pydocs-overlap").dev
    for whole, left, share in zip(data.first, data.second or [], data.labels, strict=True):
        words = iter(whole.split())
        assert all(word in words for word in left.split())  # in their order
        assert share == len(left.split()) / len(whole.split())
    counts, _ = np.histogram(data.labels, bins=4, range=(0, 1))
    assert counts.min() > 100  # spread over the whole range


def test_too_little_text_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def tiny(sentences: object, rng: np.random.Generator) -> object:
        return load_task("pydocs-topic").dev.take(np.arange(20))

    with pytest.raises(NotEnoughData, match="gives only"):
        Exercise(tiny).read(TASKS["pydocs-topic"], None)  # type: ignore[arg-type]
