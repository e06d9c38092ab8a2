"""The hub's client, as far as models need it: revisions, files with their sizes, downloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lmgeo.core.environment import is_offline
from lmgeo.core.errors import SpecError
from lmgeo.models.content import CONFIG

_WANTED = ("*.json", "*.txt", "*.model")


def snapshot(name: str, revision: str | None) -> str:
    """The folder of a model in the hub's cache, downloaded where it is not there and the network is allowed."""
    import huggingface_hub

    if is_offline():
        return huggingface_hub.snapshot_download(name, revision=revision, local_files_only=True)
    files = huggingface_hub.HfApi().list_repo_files(name, revision=revision)
    with _no_bars():
        return huggingface_hub.snapshot_download(name, revision=revision, allow_patterns=files_to_fetch(files))


def revisions(name: str) -> dict[str, str]:
    """Branches and tags of a model, each with its commit; the network is needed."""
    import huggingface_hub

    refs = huggingface_hub.HfApi().list_repo_refs(name)
    return {ref.name: ref.target_commit for ref in (*refs.branches, *refs.tags)}


def file_sizes(name: str, commit: str) -> dict[str, int]:
    """The files that a model needs and their bytes, from what the hub says of them; the network is needed."""
    import huggingface_hub

    told = huggingface_hub.HfApi().model_info(name, revision=commit, files_metadata=True).siblings or []
    sizes = {file.rfilename: file.size or 0 for file in told}
    return {file: sizes[file] for file in files_to_fetch(sizes) if file in sizes}


def download(name: str, commit: str, files: Iterable[str], folder: Path) -> None:
    """Put files of a revision into a folder, past the cache."""
    import huggingface_hub

    with _no_bars():
        huggingface_hub.snapshot_download(name, revision=commit, allow_patterns=[*files], local_dir=str(folder))


def files_to_fetch(files: Iterable[str]) -> list[str]:
    """What to fetch: one form of the weights, and only the model's own folder."""
    top = [file for file in files if "/" not in file]
    weights = "*.safetensors" if any(file.endswith(".safetensors") for file in top) else "*.bin"
    fetched = [file for file in top if any(Path(file).match(pattern) for pattern in (*_WANTED, weights))]
    return fetched or [CONFIG]


def refusal(source: str, error: Exception) -> SpecError:
    """What to raise for an error of the hub's client, its own, urllib's or the socket's."""
    return SpecError(f"{source} cannot be had: {_reason(error)}", _mend(error))


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


def _reason(error: Exception) -> str:
    if is_offline():
        return "it is not in the local cache, and the network is not allowed"
    lines = [line for line in str(error).splitlines() if line.strip()]
    return lines[0][:200] if lines else type(error).__name__


def _mend(error: Any) -> str:
    name = type(error).__name__
    if is_offline():
        return "run once without --offline (and without LMGEO_OFFLINE), or give a folder"
    if name == "GatedRepoError":
        return "accept the model's terms on its page and log in with `hf auth login`"
    if name in ("RepositoryNotFoundError", "RevisionNotFoundError", "HFValidationError"):
        return "check the id and the revision on the hub; a private one needs `hf auth login`"
    return "check the network, or give a folder"
