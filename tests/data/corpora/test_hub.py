"""The hub's corpora, with the hub replaced by tables made here."""

from __future__ import annotations

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

    def load(repository: str, config: str | None) -> Any:
        if (repository, config) not in tables:
            raise SpecError(f"{repository} {config} is not there", "look")
        return tables[repository, config]

    monkeypatch.setattr(hub, "load_hub_dataset", load)
    hub.read_hub.cache_clear()
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
