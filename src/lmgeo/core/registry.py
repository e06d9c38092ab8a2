"""A registry filled by importing every module of one folder: no list to keep in step."""

from __future__ import annotations

import fnmatch
import importlib
import pkgutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from lmgeo.core.errors import SpecError, UnknownName

T = TypeVar("T")


class Registry(Generic[T]):
    """Things of one kind by name, registered as their modules are imported.

    Args:
        kind: what the things are, for messages ("measure").
        package: the dotted package whose modules register them.
        group: the entry points by which installed packages add theirs; "" where none can.
    """

    def __init__(self, kind: str, package: str, group: str = "") -> None:
        self.kind = kind
        self._package = package
        self._group = group
        self._items: dict[str, T] = {}
        self._scanned = False
        self._scanning = threading.RLock()

    def add(self, name: str, item: T) -> T:
        """Register `item`; a second one under the same name is an error."""
        if name in self._items:
            raise SpecError(f"two {self.kind}s are called {name!r}", "rename one of them")
        self._items[name] = item
        return item

    def __getitem__(self, name: str) -> T:
        self._scan()
        if name not in self._items:
            raise UnknownName.among(self.kind, name, self._items)
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        self._scan()
        return iter(sorted(self._items))

    def __contains__(self, name: object) -> bool:
        self._scan()
        return name in self._items

    def items(self) -> list[tuple[str, T]]:
        """Every (name, thing), in order of name."""
        return [(name, self._items[name]) for name in self]

    def select(self, globs: Iterable[str]) -> list[str]:
        """The names that match any glob, sorted; a glob that matches nothing is an error."""
        globs = list(globs)
        if not globs:
            raise SpecError(f"no {self.kind} is named", f"name some, or '*' for every {self.kind}")
        chosen: set[str] = set()
        for glob in globs:
            found = fnmatch.filter(self, glob)
            if not found:
                raise UnknownName.among(self.kind, glob, self)
            chosen.update(found)
        return sorted(chosen)

    def _scan(self) -> None:
        # Another thread waits for the whole folder; a module that asks while it is imported does not.
        with self._scanning:
            if self._scanned:
                return
            self._scanned = True
            try:
                package = importlib.import_module(self._package)
                for module in pkgutil.iter_modules(package.__path__):
                    with self.all_or_nothing():
                        importlib.import_module(f"{self._package}.{module.name}")
                if self._group:
                    self._import_installed()
            except BaseException:
                self._scanned = False
                raise

    @contextmanager
    def all_or_nothing(self) -> Iterator[None]:
        """Names that the block adds or forgets count only if it ends well; a module that failed adds them anew."""
        before = dict(self._items)
        try:
            yield
        except BaseException:
            self._items = before
            raise

    def forget(self, name: str) -> None:
        """Take a name out again."""
        self._items.pop(name, None)

    def _import_installed(self) -> None:
        from importlib.metadata import entry_points

        from lmgeo.core.plugins import load_installed

        for point in entry_points(group=self._group):
            with self.all_or_nothing():
                load_installed(point)
