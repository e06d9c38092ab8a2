"""`hf:NAME[/CONFIG][:ROWS]`: a data set of the Hugging Face hub, or the first rows of one."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.identity import hash_texts
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind
from lmgeo.data.hub import first_rows, load_hub_dataset

_MOST_DIGITS = 15  # of a number of rows: more than any data set has
_TEXT_COLUMNS = ("text", "sentence", "content")  # tried in turn


@lru_cache(maxsize=4)
def read_hub(argument: str) -> Corpus:
    """One sequence a row of the text column of the `train` split, or of the first there is; blank ones skipped.

    With a number of rows the first so many are read as they come, and no more than those are downloaded.

    Raises:
        SpecError: no such data set, no network and no local copy, no column of text, or no number of rows.
        NotEnoughData: nothing but blank rows.
    """
    name, most = _parts(argument.strip())
    splits = _load(name, streaming=most is not None)
    split = "train" if "train" in splits else next(iter(splits))
    table = splits[split]
    column = _text_column(name, table)
    rows = list(table[column]) if most is None else [row[column] for row in first_rows(table, most)]
    sequences = [row for row in rows if row and row.strip()]
    if not sequences:
        raise NotEnoughData(
            f"hf:{argument} holds no text in column {column!r} of {split!r}",
            "name another data set" if most is None else "ask for more rows, or name another data set",
        )
    first = "" if most is None else f"the first {len(rows):,} rows of "
    skipped = f"{len(rows) - len(sequences)} blank rows skipped"
    note = f"hf:{name}: read {first}column {column!r} of split {split!r}; {skipped}"
    return Corpus(f"hf:{argument}", sequences, [note])


def _parts(argument: str) -> tuple[str, int | None]:
    """The data set's name, and how many rows are asked for."""
    name, colon, rows = argument.partition(":")
    if not colon:
        return name, None
    if not (rows.isascii() and rows.isdigit() and len(rows) <= _MOST_DIGITS and int(rows)):
        raise SpecError(f"corpus 'hf:{argument}' asks for {rows!r} rows", "write a whole number, e.g. hf:NAME:100000")
    return name, int(rows)


def _load(name: str, streaming: bool) -> Any:
    parts = name.split("/")
    if not all(parts) or len(parts) > 3:
        raise SpecError(
            f"corpus 'hf:{name}' is no data set's name", "write hf:NAME, hf:OWNER/NAME or hf:OWNER/NAME/CONFIG"
        )
    if len(parts) == 3:
        return load_hub_dataset("/".join(parts[:2]), parts[2], streaming)
    if len(parts) == 1:
        return load_hub_dataset(name, None, streaming)
    try:  # OWNER/NAME is what the hub uses today; NAME/CONFIG what its oldest data sets do
        return load_hub_dataset(name, None, streaming)
    except SpecError as error:
        try:
            return load_hub_dataset(parts[0], parts[1], streaming)
        except SpecError:
            raise error from None


def _text_column(name: str, table: Any) -> str:
    columns, texts = _columns(table)
    for column in _TEXT_COLUMNS:
        if column in texts:
            return column
    if len(texts) == 1:
        return texts[0]
    raise SpecError(
        f"corpus 'hf:{name}' has no column {' or '.join(map(repr, _TEXT_COLUMNS))} of text",
        f"it has {', '.join(columns)}; save the one you mean as a file and use text:FILE",
    )


def _columns(table: Any) -> tuple[list[str], list[str]]:
    """Every column, and those of text."""
    if table.features is None:  # of a stream whose files do not say: told by the first row
        first: dict[str, Any] = next(iter(first_rows(table, 1)), {})
        return list(first), [column for column, value in first.items() if isinstance(value, str)]
    kinds = {column: getattr(kind, "dtype", None) for column, kind in table.features.items()}
    return list(kinds), [column for column, kind in kinds.items() if kind in ("string", "large_string")]


@lru_cache(maxsize=4)  # every key of every model of a study asks for it
def _content(argument: str) -> str:
    return hash_texts(read_hub(argument).sequences)


def _identity(argument: str) -> dict[str, Any]:
    return {"kind": "hf", "content": _content(argument)}


CORPORA.add(
    "hf",
    CorpusKind(
        "hf",
        "NAME[/CONFIG][:ROWS]",
        "a data set of the Hugging Face hub, its text column, or its first ROWS",
        read_hub,
        _identity,
        False,
    ),
)
