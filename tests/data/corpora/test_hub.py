"""The hub's corpora, with the hub replaced by tables made here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.corpora import corpus_identity, hub, open_corpus


class Kind:
    def __init__(self, dtype: str) -> None:
        self.dtype = dtype


class Table(dict[str, list[Any]]):
    @property
    def features(self) -> dict[str, Kind]:
        return {name: Kind("string" if isinstance(values[0], str) else "int64") for name, values in self.items()}

    @property
    def column_names(self) -> list[str]:
        return list(self)


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> dict[tuple[str, str | None], Any]:
    tables: dict[tuple[str, str | None], Any] = {}

    def load(repository: str, config: str | None, streaming: bool = False) -> Any:
        if (repository, config) not in tables:
            raise SpecError(f"{repository} {config} is not there", "look")
        return tables[repository, config]

    monkeypatch.setattr(hub, "load_hub_dataset", load)
    hub.read_hub.cache_clear()
    hub._content.cache_clear()
    return tables


@pytest.mark.parametrize(
    ("spec", "place"),
    [
        ("hf:stories", ("stories", None)),
        ("hf:me/stories", ("me/stories", None)),
        ("hf:old/raw", ("old", "raw")),
        ("hf:me/set/config", ("me/set", "config")),
    ],
)
def test_names_and_configurations(shelf: dict[Any, Any], spec: str, place: Any) -> None:
    shelf[place] = {"test": Table(text=["no"]), "train": Table(text=["one", "", "two"], n=[1, 2, 3])}
    corpus = open_corpus(spec)
    assert corpus.sequences == ["one", "two"]
    assert "1 blank rows skipped" in corpus.notes[0]
    assert "stories" not in str(corpus_identity(spec))


def test_the_only_column_of_text_is_taken(shelf: dict[Any, Any]) -> None:
    shelf["s", None] = {"validation": Table(n=[1], headline=["one"])}
    assert open_corpus("hf:s").sequences == ["one"]


def test_two_columns_of_text_are_a_question(shelf: dict[Any, Any]) -> None:
    shelf["s", None] = {"train": Table(question=["a"], answer=["b"])}
    with pytest.raises(SpecError, match="no column 'text'"):
        open_corpus("hf:s")


def test_absent_and_empty(shelf: dict[Any, Any]) -> None:
    with pytest.raises(SpecError, match="me/nothing"):
        open_corpus("hf:me/nothing")
    shelf["s", None] = {"train": Table(text=[" "])}
    with pytest.raises(NotEnoughData):
        open_corpus("hf:s")


@pytest.fixture
def stories(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """A data set that the real library reads from a folder; whether each call asked for a stream."""
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "cache"))
    rows = [{"title": i, "text": "" if i == 3 else f"story {i}"} for i in range(50)]
    (tmp_path / "set").mkdir()
    (tmp_path / "set" / "train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    asked = []

    def load(repository: str, config: str | None, streaming: bool = False) -> Any:
        import datasets

        asked.append(streaming)
        return datasets.load_dataset(str(tmp_path / "set"), cache_dir=str(tmp_path / "cache"), streaming=streaming)

    monkeypatch.setattr(hub, "load_hub_dataset", load)
    return asked


def test_the_first_rows_are_streamed(stories: list[bool]) -> None:
    corpus = open_corpus("hf:me/stories:5")
    assert corpus.sequences == ["story 0", "story 1", "story 2", "story 4"]
    assert corpus.notes == [
        "hf:me/stories: read the first 5 rows of column 'text' of split 'train'; 1 blank rows skipped"
    ]
    assert stories == [True]
    assert corpus_identity("hf:me/stories:5") != corpus_identity("hf:me/stories:6")


def test_more_rows_than_there_are_take_all(stories: list[bool]) -> None:
    assert open_corpus("hf:me/stories:1000").sequences == open_corpus("hf:me/stories").sequences
    assert corpus_identity("hf:me/stories:1000") == corpus_identity("hf:me/stories")
    assert stories == [True, False]


@pytest.mark.parametrize("rows", ["", "0", "-3", "many", "1e6", "²", "9" * 20, "9" * 5000])
def test_a_number_of_rows_that_is_none(stories: list[bool], rows: str) -> None:
    with pytest.raises(SpecError, match="rows"):
        open_corpus(f"hf:me/stories:{rows}")
    assert stories == []


def test_a_stream_that_breaks_off_says_so(shelf: dict[Any, Any]) -> None:
    class Broken:
        features = None

        def __iter__(self) -> Iterator[dict[str, Any]]:
            yield {"text": "one"}
            raise ConnectionError("the line went dead")

    shelf["s", None] = {"train": Broken()}
    with pytest.raises(SpecError, match="the line went dead"):
        open_corpus("hf:s:2")
    assert open_corpus("hf:s:1").sequences == ["one"]
