from __future__ import annotations

import json
import math
import os
import stat
import threading
from pathlib import Path
from typing import Any

import pytest

from lmgeo.core.files import folder_in_one_step, one_at_a_time, write_bytes, write_json, write_text


def names(folder: Path) -> set[str]:
    return {p.name for p in folder.iterdir()}


def broken_rename(*_: object) -> None:
    raise OSError("disk full")


def test_what_is_written_is_read(tmp_path: Path) -> None:
    write_bytes(tmp_path / "a", b"\x00\xff")
    write_text(tmp_path / "b", "λ\n")
    write_json(tmp_path / "c", {"b": [1, None], "a": "é"})
    assert (tmp_path / "a").read_bytes() == b"\x00\xff"
    assert (tmp_path / "b").read_text(encoding="utf-8") == "λ\n"
    assert json.loads((tmp_path / "c").read_text(encoding="utf-8")) == {"b": [1, None], "a": "é"}
    assert names(tmp_path) == {"a", "b", "c"}


def test_folders_on_the_way_are_made(tmp_path: Path) -> None:
    write_text(tmp_path / "x" / "y" / "z.txt", "z")
    assert (tmp_path / "x" / "y" / "z.txt").read_text() == "z"


def test_others_may_read_what_is_written(tmp_path: Path) -> None:
    write_text(tmp_path / "a", "x")
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_text(tmp_path / "a", "old")
    monkeypatch.setattr(os, "replace", broken_rename)
    with pytest.raises(OSError, match="disk full"):
        write_text(tmp_path / "a", "new")
    assert (tmp_path / "a").read_text() == "old"
    assert names(tmp_path) == {"a"}


def test_an_interrupted_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_text(tmp_path / "a", "new")
    assert names(tmp_path) == set()


@pytest.mark.parametrize("value", [math.nan, math.inf, {"a": [-math.inf]}])
def test_json_that_others_could_not_read_is_refused_before_anything_is_written(tmp_path: Path, value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        write_json(tmp_path / "a.json", value)
    assert names(tmp_path) == set()


def test_a_reader_never_sees_a_half(tmp_path: Path) -> None:
    target = tmp_path / "a"
    versions = [bytes([i]) * 200_000 for i in range(4)]
    write_bytes(target, versions[0])
    halves: list[int] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            data = target.read_bytes()
            if data not in versions:
                halves.append(len(data))

    reader = threading.Thread(target=read)
    reader.start()
    for i in range(40):
        write_bytes(target, versions[i % 4])
    done.set()
    reader.join()
    assert halves == []


def test_many_writers_of_one_file_leave_one_whole_version(tmp_path: Path) -> None:
    versions = [bytes([i]) * 50_000 for i in range(8)]
    threads = [threading.Thread(target=write_bytes, args=(tmp_path / "a", v)) for v in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (tmp_path / "a").read_bytes() in versions
    assert names(tmp_path) == {"a"}


def test_a_folder_appears_when_the_block_ends_well(tmp_path: Path) -> None:
    target = tmp_path / "deep" / "model"
    with folder_in_one_step(target) as temporary:
        (temporary / "config.json").write_text("{}")
        assert not target.exists()
        assert temporary.parent == target.parent, "a rename works only within one disk"
    assert names(target) == {"config.json"}
    assert names(target.parent) == {"model"}
    assert stat.S_IMODE(target.stat().st_mode) == 0o755


def test_a_folder_that_fails_leaves_nothing(tmp_path: Path) -> None:
    def fill() -> None:
        with folder_in_one_step(tmp_path / "model") as temporary:
            (temporary / "half").write_text("x")
            raise KeyError("half way")

    with pytest.raises(KeyError, match="half way"):
        fill()
    assert names(tmp_path) == set()


@pytest.mark.parametrize("kind", ["folder", "file"])
def test_a_folder_replaces_what_was_there(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "model"
    if kind == "folder":
        target.mkdir()
        (target / "old").write_text("x")
    else:
        target.write_text("x")
    with folder_in_one_step(target) as temporary:
        (temporary / "new").write_text("y")
    assert names(target) == {"new"}
    assert names(tmp_path) == {"model"}


def test_the_old_folder_stays_when_the_new_one_cannot_land(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "model"
    target.mkdir()
    (target / "old").write_text("x")
    rename = os.replace

    def landing_fails(source: Path, goal: Path) -> None:
        if goal == target and not str(source).endswith(".old"):
            raise OSError("disk full")
        rename(source, goal)

    def fill() -> None:
        with folder_in_one_step(target) as temporary:
            (temporary / "new").write_text("y")

    monkeypatch.setattr(os, "replace", landing_fails)
    with pytest.raises(OSError, match="disk full"):
        fill()
    assert names(target) == {"old"}
    assert names(tmp_path) == {"model"}


def test_one_at_a_time(tmp_path: Path) -> None:
    """Another thread enters only when the first has left; an error lets go too; other paths do not wait."""
    target = tmp_path / "below" / "folder"
    events: list[str] = []

    def second() -> None:
        with one_at_a_time(target):
            events.append("second in")

    with one_at_a_time(target), one_at_a_time(tmp_path / "other"):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(timeout=0.2)
        events.append("first out")
    thread.join(timeout=30)
    assert events == ["first out", "second in"]
    with pytest.raises(ValueError, match="inside"), one_at_a_time(target):
        raise ValueError("inside")
    with one_at_a_time(target):
        events.append("third in")
    assert events[-1] == "third in"
