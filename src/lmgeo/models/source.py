"""Where a model is: a folder that exists, or the hub; nothing else reaches for the network."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmgeo.core.environment import is_offline
from lmgeo.core.errors import SpecError
from lmgeo.models.content import CONFIG

HUB = "hf:"
_WANTED = ("*.json", "*.txt", "*.model")


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
        path = Path(_snapshot(name, revision or None))
    except Exception as error:  # the hub's client raises its own, urllib's and the socket's errors alike
        raise SpecError(f"{source} cannot be had: {_reason(error)}", _hub_mend(error)) from error
    return LocalSource(path, source, path.name)


def _snapshot(name: str, revision: str | None) -> str:
    """The snapshot folder, from the cache when offline."""
    import huggingface_hub

    if is_offline():
        return huggingface_hub.snapshot_download(name, revision=revision, local_files_only=True)
    files = huggingface_hub.HfApi().list_repo_files(name, revision=revision)
    with _no_bars():
        return huggingface_hub.snapshot_download(name, revision=revision, allow_patterns=_patterns(files))


@contextmanager
def _no_bars() -> Iterator[None]:
    """No progress bars of the hub's client inside."""
    from huggingface_hub.utils.tqdm import are_progress_bars_disabled, disable_progress_bars, enable_progress_bars

    shown = not are_progress_bars_disabled()
    disable_progress_bars()
    try:
        yield
    finally:
        if shown:
            enable_progress_bars()


def _patterns(files: list[str]) -> list[str]:
    """What to fetch: one form of the weights, and only the model's own folder."""
    top = [file for file in files if "/" not in file]
    weights = "*.safetensors" if any(file.endswith(".safetensors") for file in top) else "*.bin"
    fetched = [file for file in top if any(Path(file).match(pattern) for pattern in (*_WANTED, weights))]
    return fetched or [CONFIG]


def _reason(error: Exception) -> str:
    if is_offline():
        return "it is not in the local cache, and the network is not allowed"
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def _hub_mend(error: Any) -> str:
    name = type(error).__name__
    if is_offline():
        return "run once without --offline (and without LMGEO_OFFLINE), or give a folder"
    if name == "GatedRepoError":
        return "accept the model's terms on its page and log in with `hf auth login`"
    if name in ("RepositoryNotFoundError", "RevisionNotFoundError", "HFValidationError"):
        return "check the id and the revision on the hub; a private one needs `hf auth login`"
    return "check the network, or give a folder"
