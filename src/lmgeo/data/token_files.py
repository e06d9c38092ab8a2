"""Token files: a corpus as one stream of ids a part, made once a tokenizer and memory-mapped from then on."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.cache import CACHE_VARIABLE, cache_folder
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.files import folder_in_one_step, one_at_a_time, write_json
from lmgeo.core.identity import hash_file

_MANIFEST = "files.json"
_AT_ONCE = 256  # documents encoded in one call


@dataclass(frozen=True)
class TokenFile:
    """Documents one after another, the separator's id before each.

    Attributes:
        ids: the stream, uint16 or uint32, memory-mapped.
        starts: where each document's separator stands in it.
        bytes: how long each document is in UTF-8, the separator not counted.
    """

    ids: Int[ndarray, " t"]
    starts: Int[ndarray, " d"]
    bytes: Int[ndarray, " d"]

    def windows(self, length: int) -> int:
        """How many windows of `length` tokens to predict there are; what is left at the end belongs to none.

        Raises:
            NotEnoughData: not one.
        """
        count = (len(self.ids) - 1) // length
        if count < 1:
            raise NotEnoughData(
                f"{len(self.ids)} tokens in {len(self.starts)} documents do not fill one window of {length} + 1",
                "give a larger corpus, or a smaller length",
            )
        return count

    def window(self, i: int, length: int) -> Int[ndarray, " l"]:
        """Ids of window `i`, `length` + 1 of them as int64: the first is seen only, the last predicted only.

        Raises:
            IndexError: no such window.
        """
        if not 0 <= i < self.windows(length):
            raise IndexError(i)
        return self.ids[i * length : (i + 1) * length + 1].astype(np.int64)


@dataclass(frozen=True)
class Encoder:
    """What turns documents into ids.

    Attributes:
        encode: texts → ids of each, without the separator.
        vocabulary: every id is smaller.
        separator: the id that goes before each document.
    """

    encode: Callable[[Sequence[str]], Iterable[Sequence[int]]]
    vocabulary: int
    separator: int


@dataclass(frozen=True)
class TokenFiles:
    """Both parts of a corpus.

    Attributes:
        train, held_out: their streams.
        log_unigram: log frequency of each id in the training part, separators too, add-one smoothed, (V,).
        folder: where they lie, with whatever `learn` saved there.
    """

    train: TokenFile
    held_out: TokenFile
    log_unigram: Float[ndarray, " v"]
    folder: Path


def token_files(
    key: str,
    train: Sequence[str],
    held_out: Sequence[str],
    learn: Callable[[Path], Encoder],
    cache: Path | None = None,
) -> TokenFiles:
    """The token files under `key`: opened where they are whole, made where they are not.

    Workers that ask at the same time wait for the one that makes them. Files that were changed since are made anew.

    Args:
        key: stands for the documents and everything that `learn` does.
        train, held_out: the documents of each part.
        learn: makes the encoder and saves its tokenizer in the folder given; not called where the files are whole.
        cache: in place of the user's cache folder.

    Raises:
        SpecError: a cache folder that cannot be written.
        whatever `learn` raises.
    """
    folder = (cache or cache_folder()) / "tokens" / key
    if not _is_whole(folder):
        try:
            with one_at_a_time(folder):
                if not _is_whole(folder):  # nor did the worker before make it so
                    with folder_in_one_step(folder) as new:
                        _write(new, train, held_out, learn)
        except OSError as error:
            raise SpecError(
                f"{folder} cannot be written: {error}", f"make room there, or set {CACHE_VARIABLE} to another folder"
            ) from error
    return TokenFiles(_open(folder, "train"), _open(folder, "held_out"), np.load(folder / "log_unigram.npy"), folder)


def _write(folder: Path, train: Sequence[str], held_out: Sequence[str], learn: Callable[[Path], Encoder]) -> None:
    encoder = learn(folder)
    counts = _write_part(folder, "train", train, encoder)
    np.save(folder / "log_unigram.npy", np.log((counts + 1.0) / (counts + 1.0).sum()))
    _write_part(folder, "held_out", held_out, encoder)
    write_json(folder / _MANIFEST, _hashes(folder))


def _write_part(folder: Path, part: str, documents: Sequence[str], encoder: Encoder) -> ndarray:
    """Write the stream and its documents; how often each id occurs."""
    kind = np.uint16 if encoder.vocabulary <= 2**16 else np.uint32
    rows = [
        np.array([encoder.separator, *ids], kind)
        for first in range(0, len(documents), _AT_ONCE)
        for ids in encoder.encode(documents[first : first + _AT_ONCE])
    ]
    ids = np.concatenate(rows)
    starts = np.cumsum([0, *(len(row) for row in rows[:-1])])
    np.save(folder / f"{part}.npy", ids)
    np.save(folder / f"{part}.documents.npy", np.array([starts, [len(d.encode()) for d in documents]], np.int64))
    return np.bincount(ids, minlength=encoder.vocabulary)


def _open(folder: Path, part: str) -> TokenFile:
    starts, sizes = np.load(folder / f"{part}.documents.npy")
    return TokenFile(np.load(folder / f"{part}.npy", mmap_mode="r"), starts, sizes)


def _hashes(folder: Path) -> dict[str, str]:
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != _MANIFEST)
    return {path.relative_to(folder).as_posix(): hash_file(path) for path in files}


def _is_whole(folder: Path) -> bool:
    """Whether every file is as it was written: a disk that filled up or a hand that edited leaves others."""
    try:
        return json.loads((folder / _MANIFEST).read_bytes()) == _hashes(folder)
    except (OSError, ValueError):
        return False
