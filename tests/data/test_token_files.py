"""Token files against plain concatenation; made once, by one of several; damaged ones are made anew."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.data.token_files import Encoder, TokenFile, TokenFiles, token_files

TRAIN = ["ab", "é", "", "x" * 700, *(f"n{i}" for i in range(600))]
HELD_OUT = ["held", "out"]


class Learner:
    """Every character by its code point + 1; counts how often it is asked."""

    def __init__(self, vocabulary: int = 1000) -> None:
        self.calls = 0
        self.vocabulary = vocabulary

    def __call__(self, folder: Path) -> Encoder:
        self.calls += 1
        (folder / "tokenizer").mkdir()
        (folder / "tokenizer" / "tokenizer.json").write_text("{}")
        return Encoder(self.encode, self.vocabulary, 0)

    @staticmethod
    def encode(texts: Sequence[str]) -> list[list[int]]:
        return [[ord(c) + 1 for c in text] for text in texts]


def plainly(documents: Sequence[str]) -> list[int]:
    stream: list[int] = []
    for text in documents:
        stream.append(0)
        stream.extend(ord(c) + 1 for c in text)
    return stream


@pytest.fixture
def made(tmp_path: Path) -> TokenFiles:
    return token_files("key", TRAIN, HELD_OUT, Learner(), tmp_path)


def test_no_token_is_lost_or_invented(made: TokenFiles) -> None:
    assert made.train.ids.tolist() == plainly(TRAIN)
    assert made.held_out.ids.tolist() == plainly(HELD_OUT)
    assert made.train.ids.dtype == np.uint16
    assert isinstance(made.train.ids, np.memmap)


def test_documents_are_found_again(made: TokenFiles) -> None:
    ends = [*made.train.starts[1:], len(made.train.ids)]
    texts = [
        "".join(chr(i - 1) for i in made.train.ids[a + 1 : b]) for a, b in zip(made.train.starts, ends, strict=True)
    ]
    assert texts == TRAIN
    assert made.train.bytes.tolist() == [len(text.encode()) for text in TRAIN]
    assert set(made.train.ids[made.train.starts].tolist()) == {0}


def test_unigram(made: TokenFiles) -> None:
    counts = Counter(plainly(TRAIN))
    expected = [math.log((counts[i] + 1) / (counts.total() + 1000)) for i in range(1000)]
    np.testing.assert_allclose(made.log_unigram, expected, rtol=1e-12)


@given(st.lists(st.integers(0, 9), min_size=2, max_size=60), st.integers(1, 20))
def test_windows_overlap_by_one_and_predict_each_token_once(stream: list[int], length: int) -> None:
    file = TokenFile(np.array(stream, np.uint16), np.zeros(1, np.int64), np.zeros(1, np.int64))
    if len(stream) <= length:
        with pytest.raises(NotEnoughData, match=f"{len(stream)} tokens in 1 documents do not fill"):
            file.windows(length)
        return
    windows = [file.window(i, length) for i in range(file.windows(length))]
    assert {len(window) for window in windows} == {length + 1}
    assert {window.dtype for window in windows} == {np.dtype(np.int64)}
    predicted = [int(t) for window in windows for t in window[1:]]
    assert predicted == stream[1 : 1 + len(predicted)]
    assert len(stream) - 1 - len(predicted) < length
    assert all(a[-1] == b[0] for a, b in itertools.pairwise(windows))
    for i in (-1, len(windows)):
        with pytest.raises(IndexError):
            file.window(i, length)


@pytest.mark.parametrize(("vocabulary", "dtype"), [(65_536, np.uint16), (65_537, np.uint32), (130_000, np.uint32)])
def test_ids_fit_their_type(tmp_path: Path, vocabulary: int, dtype: type) -> None:
    highest = chr(min(vocabulary - 2, 0x1F600))
    files = token_files("key", ["ab" + highest], ["c"], Learner(vocabulary), tmp_path)
    assert files.train.ids.dtype == files.held_out.ids.dtype == dtype
    assert files.train.ids.tolist() == plainly(["ab" + highest])


def test_made_once(tmp_path: Path) -> None:
    learner = Learner()
    first = token_files("key", TRAIN, HELD_OUT, learner, tmp_path)
    again = token_files("key", TRAIN, HELD_OUT, learner, tmp_path)
    assert learner.calls == 1
    assert again.train.ids.tolist() == first.train.ids.tolist()
    assert again.folder == tmp_path / "tokens" / "key"
    assert (again.folder / "tokenizer" / "tokenizer.json").is_file()
    token_files("other", TRAIN, HELD_OUT, learner, tmp_path)
    assert learner.calls == 2


FILES = ["train.npy", "held_out.documents.npy", "log_unigram.npy", "tokenizer/tokenizer.json", "files.json"]


@pytest.mark.parametrize("damage", ["cut", "changed", "gone", "more"])
@pytest.mark.parametrize("name", FILES)
def test_what_was_damaged_is_made_anew(tmp_path: Path, made: TokenFiles, name: str, damage: str) -> None:
    path = made.folder / name
    before = path.read_bytes()
    if damage == "gone":
        path.unlink()
    elif damage == "more":
        path.with_name("more").write_bytes(b"")
    else:
        path.write_bytes(before[:-3] + (b"" if damage == "cut" else b"???"))
    learner = Learner()
    again = token_files("key", TRAIN, HELD_OUT, learner, tmp_path)
    assert learner.calls == 1
    assert path.read_bytes() == before
    assert again.train.ids.tolist() == plainly(TRAIN)
    assert not path.with_name("more").exists()


def test_a_run_that_stopped_halfway_leaves_nothing(tmp_path: Path) -> None:
    def fails(folder: Path) -> Encoder:
        Learner()(folder)
        raise NotEnoughData("no text", "give some")

    with pytest.raises(NotEnoughData, match="no text"):
        token_files("key", TRAIN, HELD_OUT, fails, tmp_path)
    assert [path.name for path in (tmp_path / "tokens").iterdir()] == [".key.lock"]
    assert token_files("key", TRAIN, HELD_OUT, Learner(), tmp_path).train.ids.tolist() == plainly(TRAIN)


def test_a_cache_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "tokens").write_text("in the way")
    with pytest.raises(SpecError, match=r"cannot be written[\s\S]*LMGEO_CACHE"):
        token_files("key", TRAIN, HELD_OUT, Learner(), tmp_path)


def test_whole_files_need_no_writing(tmp_path: Path, made: TokenFiles) -> None:
    """A cache that somebody shares and keeps read-only: nothing is put there, not even a lock."""
    (tmp_path / "tokens" / ".key.lock").unlink()
    token_files("key", TRAIN, HELD_OUT, Learner(), tmp_path)
    assert [path.name for path in (tmp_path / "tokens").iterdir()] == ["key"]


def test_the_users_cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMGEO_CACHE", str(tmp_path))
    assert token_files("key", TRAIN, HELD_OUT, Learner()).folder == tmp_path / "tokens" / "key"


AT_ONCE = """
import sys
from pathlib import Path
from lmgeo.data.token_files import Encoder, token_files
def learn(folder):
    print("learning", flush=True)
    (folder / "mark").write_text("")
    return Encoder(lambda texts: [[ord(c) + 1 for c in t] for t in texts], 1000, 0)
sys.stdin.readline()
files = token_files("key", [f"text {i}" for i in range(3000)], ["held out"], learn, Path(sys.argv[1]))
print(len(files.train.ids), int(files.train.ids.sum()))
"""


def test_three_at_once(tmp_path: Path) -> None:
    """They are let go together; one of them makes the files, all read the same."""
    command = [sys.executable, "-c", AT_ONCE, str(tmp_path)]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    workers = [subprocess.Popen(command, text=True, **pipes) for _ in range(3)]
    for worker in workers:
        worker.stdin.write("go\n")
        worker.stdin.flush()
    printed = [worker.communicate(timeout=60) for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0], printed
    lines = [out.splitlines() for out, _ in printed]
    assert sum("learning" in line for line in lines) == 1
    expected = plainly([f"text {i}" for i in range(3000)])
    assert {line[-1] for line in lines} == {f"{len(expected)} {sum(expected)}"}
    assert sorted(path.name for path in (tmp_path / "tokens").iterdir()) == [".key.lock", "key"]
