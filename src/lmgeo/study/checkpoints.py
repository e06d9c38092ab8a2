"""Where a worker has a checkpoint: on a path, in the store, or downloaded for as long as it is worked on."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from lmgeo.models.suite import HubRevision, fetched_revision
from lmgeo.store.store import Store


class _Held:
    """The one revision of the hub that this process has on disk, until another model is asked for or it ends."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._revision: HubRevision | None = None
        self._path = Path()

    def get(self, revision: HubRevision, label: str, budget: int) -> Path:
        """Its folder, downloaded unless it is the one held."""
        if revision != self._revision:
            self.release()
            self._path = self._stack.enter_context(fetched_revision(revision, label, budget))
            self._revision = revision
        return self._path

    def release(self) -> None:
        """Delete what is held."""
        self._revision = None
        self._stack.close()


_HELD = _Held()


def checkpoint_path(where: dict[str, Any], store: Store) -> Path:
    """The folder of a base.

    Args:
        where: `{"path"}`, `{"artefact"}`, or `{"hf", "revision", "label", "budget"}`.

    Raises:
        SpecError: a download larger than its budget, refused or failed.
    """
    if "hf" in where:
        return _held(where)
    _HELD.release()
    return store.local_path("artefacts", where["artefact"]) if "artefact" in where else Path(where["path"])


def stored_path(where: dict[str, Any]) -> Path | None:
    """The folder whose files hold a base's own numbers; None for one that is made here, or an untrained twin."""
    if "untrained" in where or "artefact" in where:
        return None
    return _held(where) if "hf" in where else Path(where["path"])


def _held(where: dict[str, Any]) -> Path:
    return _HELD.get(HubRevision(where["hf"], where["revision"]), where["label"], where["budget"])
