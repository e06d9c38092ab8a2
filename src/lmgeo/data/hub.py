"""The one place that asks the Hugging Face hub for data sets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from typing import Any

from lmgeo.core.environment import is_offline, set_offline
from lmgeo.core.errors import SpecError, first_line


def load_hub_dataset(repository: str, config: str | None, streaming: bool = False) -> Any:
    """A data set of the hub as `datasets.DatasetDict`, from the local cache where it is there.

    Args:
        streaming: rows come as they are asked for; offline, from the local cache like any other.

    Raises:
        SpecError: no such data set or configuration, no network, or one that needs code of its own to run.
    """
    if is_offline():
        set_offline()  # before `datasets` reads its settings
    import datasets

    datasets.disable_progress_bars()
    shown = repository if config is None else f"{repository}/{config}"
    try:
        return datasets.load_dataset(repository, config, streaming=streaming and not is_offline())
    except Exception as error:  # its causes share no base class: network, cache, parsing, hub
        reason = first_line(error)
        raise SpecError(f"hub data set {shown!r} cannot be loaded: {reason}", _mend()) from error


def first_rows(table: Any, count: int) -> Iterator[dict[str, Any]]:
    """The first rows of a split, streamed or not.

    Raises:
        SpecError: the stream broke off.
    """
    try:
        yield from islice(table, count)
    except Exception as error:  # as above
        reason = first_line(error)
        raise SpecError(f"a hub data set's rows cannot be read: {reason}", _mend()) from error


def _mend() -> str:
    if is_offline():
        return "offline is asked for and no local copy is there: load it once with network, or give a folder"
    return "look at the name and the network, or give a local folder or file"
