"""Where a model is: a folder that exists, or the hub; nothing else reaches for the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from lmgeo.core.errors import SpecError
from lmgeo.models.content import CONFIG
from lmgeo.models.hub import refusal, snapshot

HUB = "hf:"


@dataclass(frozen=True)
class LocalSource:
    """A checkpoint on this machine.

    Attributes:
        path: its folder.
        label: what to call it: the folder's name, or `hf:ID[@REV]` as asked.
        revision: the hub's commit; None for a folder.
    """

    path: Path
    label: str
    revision: str | None


def resolve(source: str) -> LocalSource:
    """Find a model, downloading it if it is the hub's, not here yet, and the network is allowed.

    Raises:
        SpecError: no such path or hub id; not in the cache and offline; access refused.
    """
    if source.startswith(HUB):
        return _from_hub(source)
    path = Path(source).expanduser()
    if path.is_dir():
        return LocalSource(path, path.resolve().name, None)
    if path.exists():
        raise SpecError(f"{source} is a file, not a model", f"give its checkpoint folder, one with a {CONFIG}")
    raise SpecError(f"{source!r} is not there", _mend_for_missing(source))


def _mend_for_missing(source: str) -> str:
    if source.count("/") == 1 and not source.startswith(("/", ".", "~")):
        return f"give a folder that exists, or {HUB}{source} for the model of that name on the hub"
    return f"give a folder that exists, or {HUB}ID[@REVISION] for a model on the hub"


def _from_hub(source: str) -> LocalSource:
    name, _, revision = source.removeprefix(HUB).partition("@")
    try:
        path = Path(snapshot(name, revision or None))
    except Exception as error:  # the hub's client raises its own, urllib's and the socket's errors alike
        raise refusal(source, error) from error
    return LocalSource(path, source, path.name)
