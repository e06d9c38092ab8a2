"""Text files are read as they are, and what cannot be read is said with its line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.data.textfile import read_lines


@pytest.mark.parametrize(
    ("raw", "lines"),
    [
        (b"", []),
        (b"one\ntwo\n", ["one", "two"]),
        (b"one\ntwo", ["one", "two"]),
        (b"one\r\ntwo\r\n", ["one", "two"]),
        (b"\xef\xbb\xbfone\n", ["one"]),
        (b"one\n\n", ["one", ""]),
        (b"a\x00b\n", ["a\x00b"]),
        ("a\u2028b\x0cc\x85d\n".encode(), ["a\u2028b\x0cc\x85d"]),
        (b' "a\tb" \n', [' "a\tb" ']),
    ],
)
def test_lines_as_they_stand(tmp_path: Path, raw: bytes, lines: list[str]) -> None:
    path = tmp_path / "f.txt"
    path.write_bytes(raw)
    assert read_lines(path, "text") == lines


def test_latin_1_is_refused_with_the_line(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_bytes(b"one\ntwo\ncaf\xe9\n")
    with pytest.raises(SpecError, match=r"f\.txt:3: byte 0xe9 is not UTF-8"):
        read_lines(path, "text")


def test_utf_16_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "f.txt"
    path.write_text("hello", encoding="utf-16")
    with pytest.raises(SpecError, match=":1: byte 0xff"):
        read_lines(path, "text")


@pytest.mark.parametrize("name", ["absent.txt", ".", "nul\0byte"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError) as caught:
        read_lines(tmp_path / name, "one sequence a line")
    assert caught.value.mend
