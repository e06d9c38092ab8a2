from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.registry import Registry

HEAD = "from thingbox import THINGS\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty package `thingbox` whose `THINGS` is a registry of its own modules."""
    folder = tmp_path / "thingbox"
    folder.mkdir()
    (folder / "__init__.py").write_text(
        "from lmgeo.core.registry import Registry\nTHINGS = Registry('thing', 'thingbox')\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    yield folder
    for name in [n for n in sys.modules if n.split(".")[0] == "thingbox"]:
        del sys.modules[name]


def things() -> Registry[object]:
    importlib.invalidate_caches()
    registry = importlib.import_module("thingbox").THINGS
    assert isinstance(registry, Registry)
    return registry


def test_every_module_of_the_folder_is_found(package: Path) -> None:
    (package / "two.py").write_text(HEAD + "THINGS.add('two', 2)\nTHINGS.add('three', 3)\n")
    (package / "one.py").write_text(HEAD + "THINGS.add('one', 1)\n")
    registry = things()
    assert list(registry) == ["one", "three", "two"]
    assert registry.items() == [("one", 1), ("three", 3), ("two", 2)]
    assert registry["two"] == 2
    assert "one" in registry
    assert "four" not in registry


def test_nothing_is_imported_before_it_is_asked_for(package: Path) -> None:
    (package / "one.py").write_text(HEAD + "THINGS.add('one', 1)\n")
    things()
    assert "thingbox.one" not in sys.modules


def test_an_unknown_name_is_answered_with_the_near_ones(package: Path) -> None:
    (package / "one.py").write_text(HEAD + "THINGS.add('effective_rank', 1)\n")
    with pytest.raises(UnknownName, match="unknown thing 'efective_rank'") as raised:
        things()["efective_rank"]
    assert raised.value.mend == "did you mean 'effective_rank'?"


def test_globs_select_and_must_match(package: Path) -> None:
    (package / "one.py").write_text(HEAD + "for n in ('pq_a', 'pq_b', 'lsq_a', 'eee'):\n    THINGS.add(n, n)\n")
    registry = things()
    assert registry.select(["pq_*", "eee", "*_a"]) == ["eee", "lsq_a", "pq_a", "pq_b"]
    assert registry.select(["*"]) == list(registry)
    with pytest.raises(SpecError, match="no thing is named"):
        registry.select([])
    with pytest.raises(UnknownName, match="rq_"):
        registry.select(["pq_*", "rq_*"])


def test_a_second_thing_of_one_name_is_refused() -> None:
    registry: Registry[int] = Registry("thing", "nowhere")
    registry.add("one", 1)
    with pytest.raises(SpecError, match="two things are called 'one'"):
        registry.add("one", 2)


def test_a_module_may_ask_while_the_folder_is_scanned(package: Path) -> None:
    (package / "a.py").write_text(HEAD + "THINGS.add('a', 1)\n")
    (package / "b.py").write_text(HEAD + "THINGS.add('b', THINGS['a'] + 1)\n")
    assert things().items() == [("a", 1), ("b", 2)]


def test_a_broken_module_breaks_every_attempt_until_it_is_mended(package: Path) -> None:
    (package / "a.py").write_text(HEAD + "THINGS.add('a', 1)\n")
    (package / "b.py").write_text(HEAD + "THINGS.add('b', 2)\nimport no_such_library\n")
    registry = things()
    for _ in range(2):
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            list(registry)
    (package / "b.py").write_text(HEAD + "THINGS.add('b', 2)\n")
    importlib.invalidate_caches()
    assert list(registry) == ["a", "b"]


def test_threads_see_the_whole_folder_or_wait(package: Path) -> None:
    (package / "a.py").write_text(HEAD + "THINGS.add('a', 1)\nimport time\ntime.sleep(0.1)\n")
    (package / "b.py").write_text(HEAD + "THINGS.add('b', 2)\n")
    registry = things()
    seen: list[list[str]] = []
    threads = [threading.Thread(target=lambda: seen.append(list(registry))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [["a", "b"]] * 4
