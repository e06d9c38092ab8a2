"""Results on disk or on any fsspec URL: immutable records, failures, plans, artefacts.

plans/<study>.json            the plan last asked for under that name
records/<kind>/<name>.json    one immutable file for all that one pass gave
failures/<cell key>.json      why a cell failed; gone when it succeeds
claims/<cell key>.json        who is working on a cell now
artefacts/<key>/              trained models
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lmgeo.core.errors import MissingExtra, StoreError
from lmgeo.core.files import write_bytes

MARK = "lmgeo-store.json"
FORMAT = 1
_SHAPES = {"plans": ("cells", "rows"), "records": ("results",), "failures": ("key", "cell", "error", "mend")}


class Store:
    """A result store.

    Args:
        url: a folder, or any URL that fsspec knows.
        create: make it if it is not there.

    Raises:
        StoreError: nothing there and not to be created; a folder of something else; another format.
    """

    def __init__(self, url: str | Path, *, create: bool = False) -> None:
        from fsspec.core import url_to_fs
        from fsspec.implementations.local import LocalFileSystem

        self.url = str(url)
        try:
            self._fs, self.root = url_to_fs(self.url)
        except ImportError as error:
            raise MissingExtra(
                f"store {self.url!r}: {error}", "install lmgeo with the extra it needs, e.g. s3"
            ) from error
        except ValueError as error:
            raise StoreError(
                f"store {self.url!r}: {error}", "give a folder, or install the file system it names"
            ) from error
        self.is_local = isinstance(self._fs, LocalFileSystem)
        if self.is_local:
            self.url = self.root  # workers have working directories of their own
        self._open(create)

    def _open(self, create: bool) -> None:
        mark = self.path(MARK)
        if self._fs.exists(mark):
            content = self.read(MARK)
            found = content.get("format") if isinstance(content, dict) else None
            if found != FORMAT:
                raise StoreError(f"store {self.url!r} has format {found!r}", f"this version reads format {FORMAT}")
            return
        if not create:
            raise StoreError(f"no result store at {self.url!r}", "give the folder that `lmgeo run` wrote")
        if self._fs.isfile(self.root) or (self._fs.isdir(self.root) and self._fs.ls(self.root)):
            raise StoreError(f"{self.url!r} is there and is no result store", "give an empty or a new folder")
        self.write(MARK, {"format": FORMAT, "made_by": "lmgeo"})

    def path(self, *parts: str) -> str:
        """The full path of something inside the store."""
        return "/".join((self.root.rstrip("/"), *parts))

    def local_path(self, *parts: str) -> Path:
        """The same as a local path.

        Raises:
            StoreError: the store is not on this machine's file system.
        """
        if not self.is_local:
            raise StoreError(f"{self.url!r} is not a local folder", "keep trained models in a local or mounted store")
        return Path(self.path(*parts))

    def write(self, name: str, value: Any) -> None:
        """Write one JSON file so that a reader sees all of it or none."""
        data = (json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()
        if self.is_local:
            write_bytes(Path(self.path(name)), data)
        else:
            self._fs.pipe_file(self.path(name), data)  # one PUT: object stores make it whole or not at all

    def read(self, name: str) -> Any:
        """Read one JSON file of the store.

        Raises:
            StoreError: it is missing or no JSON.
        """
        try:
            return json.loads(self._fs.cat_file(self.path(name)))
        except FileNotFoundError as error:
            raise StoreError(f"{name} is not in store {self.url!r}", "run the study again to make it") from error
        except ValueError as error:
            raise StoreError(
                f"{name} in store {self.url!r} is not readable: {error}", "delete it and run again"
            ) from error

    def exists(self, name: str) -> bool:
        """Whether the store holds `name`."""
        return bool(self._fs.exists(self.path(name)))

    def remove(self, name: str) -> None:
        """Delete one file if it is there."""
        if self.exists(name):
            self._fs.rm_file(self.path(name))

    def names(self, folder: str) -> list[str]:
        """The JSON files of one folder, sorted, as names inside the store."""
        where = self.path(*folder.split("/"))
        if not self._fs.isdir(where):
            return []
        self._fs.invalidate_cache(where)
        found = (str(p).rsplit("/", 1)[-1] for p in self._fs.ls(where, detail=False))
        return [f"{folder}/{name}" for name in sorted(found) if name.endswith(".json") and not name.startswith(".")]

    def documents(self, folder: str) -> Iterator[dict[str, Any]]:
        """Every JSON document of one folder, in order of name."""
        for name in self.names(folder):
            yield self._document(name)

    def _document(self, name: str) -> dict[str, Any]:
        """A JSON file of a folder whose files have a shape of their own; another file that came there is refused."""
        found = self.read(name)
        lacking = [
            key for key in _SHAPES.get(name.split("/")[0], ()) if not isinstance(found, dict) or key not in found
        ]
        if lacking:
            said = f"{name} in store {self.url!r} is no file of lmgeo's: it has no {lacking[0]!r}"
            raise StoreError(said, "delete it and run again")
        return dict(found)

    def put_record(self, kind: str, name: str, record: dict[str, Any]) -> None:
        """Keep one record; a record is never changed afterwards."""
        self.write(f"records/{kind}/{name}.json", record)

    def results_of(self, kind: str, prefix: str) -> dict[str, dict[str, Any]]:
        """The results in records of one kind whose names start with `prefix`, by content key."""
        names = [n for n in self.names(f"records/{kind}") if n.rpartition("/")[2].startswith(prefix)]
        return {key: result for name in names for key, result in self._document(name)["results"].items()}

    def results(self) -> dict[str, dict[str, Any]]:
        """Every result by its content key: the measures and scores of all records."""
        found: dict[str, dict[str, Any]] = {}
        for kind in ("measure", "evaluate", "losses", "pretrain"):
            for record in self.documents(f"records/{kind}"):
                found.update(record["results"])
        return found
