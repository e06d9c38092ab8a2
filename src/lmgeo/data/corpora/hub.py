"""`hf:NAME[/CONFIG]`: a data set of the Hugging Face hub."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.identity import hash_texts
from lmgeo.data.corpora.kinds import CORPORA, Corpus, CorpusKind
from lmgeo.data.hub import load_hub_dataset

_TEXT_COLUMNS = ("text", "sentence", "content")  # tried in turn


@lru_cache(maxsize=4)
def read_hub(argument: str) -> Corpus:
    """One sequence a row of the text column of the `train` split, or of the first there is; blank ones skipped.

    Raises:
        SpecError: no such data set, no network and no local copy, or no column of text.
        NotEnoughData: nothing but blank rows.
    """
    splits = _load(argument.strip())
    split = "train" if "train" in splits else next(iter(splits))
    table = splits[split]
    column = _text_column(argument, table)
    rows = list(table[column])
    sequences = [row for row in rows if row and row.strip()]
    if not sequences:
        raise NotEnoughData(f"hf:{argument} holds no text in column {column!r} of {split!r}", "name another data set")
    note = f"hf:{argument}: read column {column!r} of split {split!r}; {len(rows) - len(sequences)} blank rows skipped"
    return Corpus(f"hf:{argument}", sequences, [note])


def _load(name: str) -> Any:
    parts = name.split("/")
    if not all(parts) or len(parts) > 3:
        raise SpecError(
            f"corpus 'hf:{name}' is no data set's name", "write hf:NAME, hf:OWNER/NAME or hf:OWNER/NAME/CONFIG"
        )
    if len(parts) == 3:
        return load_hub_dataset("/".join(parts[:2]), parts[2])
    if len(parts) == 1:
        return load_hub_dataset(name, None)
    try:  # OWNER/NAME is what the hub uses today; NAME/CONFIG what its oldest data sets do
        return load_hub_dataset(name, None)
    except SpecError as error:
        try:
            return load_hub_dataset(parts[0], parts[1])
        except SpecError:
            raise error from None


def _text_column(argument: str, table: Any) -> str:
    texts = [
        name for name, kind in table.features.items() if getattr(kind, "dtype", None) in ("string", "large_string")
    ]
    for name in _TEXT_COLUMNS:
        if name in texts:
            return name
    if len(texts) == 1:
        return texts[0]
    raise SpecError(
        f"corpus 'hf:{argument}' has no column {' or '.join(map(repr, _TEXT_COLUMNS))} of text",
        f"it has {', '.join(table.column_names)}; save the one you mean as a file and use text:FILE",
    )


def _identity(argument: str) -> dict[str, Any]:
    return {"kind": "hf", "content": hash_texts(read_hub(argument).sequences)}


CORPORA.add(
    "hf",
    CorpusKind(
        "hf", "NAME[/CONFIG]", "a data set of the Hugging Face hub, its text column", read_hub, _identity, False
    ),
)
