"""A hub that serves folders of this machine: the client's functions with nothing behind them."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest


class FakeHub:
    """One model with a revision a folder.

    Attributes:
        downloads: the commit of each download, in order.
        folders: where they went.
        broken: whether the next download fails half-way.
    """

    def __init__(self, name: str, branches: Mapping[str, Path]) -> None:
        self.name, self.branches = name, dict(branches)
        self.downloads: list[str] = []
        self.folders: list[Path] = []
        self.broken = False

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Put it in the client's place."""
        import huggingface_hub

        patch.delenv("LMGEO_OFFLINE", raising=False)
        patch.setattr(huggingface_hub.HfApi, "list_repo_refs", lambda api, name: self._refs(name))
        patch.setattr(huggingface_hub.HfApi, "model_info", lambda api, name, **asked: self._info(asked["revision"]))
        patch.setattr(huggingface_hub, "snapshot_download", self._download)

    def commit(self, branch: str) -> str:
        """The commit of a branch."""
        return f"{sorted(self.branches).index(branch):040x}"

    def _folder(self, commit: str) -> Path:
        return self.branches[sorted(self.branches)[int(commit, 16)]]

    def _refs(self, name: str) -> Any:
        if name != self.name:
            raise LookupError("404: no such repository")
        refs = [SimpleNamespace(name=b, target_commit=self.commit(b)) for b in self.branches]
        return SimpleNamespace(branches=refs, tags=[])

    def _info(self, commit: str) -> Any:
        files = [f for f in self._folder(commit).iterdir() if f.is_file()]
        return SimpleNamespace(siblings=[SimpleNamespace(rfilename=f.name, size=f.stat().st_size) for f in files])

    def _download(self, name: str, *, revision: str, allow_patterns: list[str], local_dir: str) -> str:
        self.downloads.append(revision)
        self.folders.append(Path(local_dir))
        for file in allow_patterns:
            shutil.copy(self._folder(revision) / file, local_dir)
            if self.broken:
                raise ConnectionError("the line went dead")
        return local_dir
