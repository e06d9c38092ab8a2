"""A user's own file of code: run when it is named, and known by the hash of its bytes.

This is the one place where code from outside the package runs. What it registers while it runs
carries its origin, which enters the keys of all results it gives.
"""

from __future__ import annotations

import importlib.abc
import importlib.util
import sys
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, redirect_stdout
from contextvars import ContextVar
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.machinery import ModuleSpec
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any

from lmgeo.core.errors import LmgeoError, SpecError
from lmgeo.core.registry import Registry

_ORIGIN: ContextVar[str] = ContextVar("origin", default="")
_loaded: dict[str, tuple[PluginFile, list[tuple[Registry[Any], str]]]] = {}  # by path


def current_origin() -> str:
    """Whose code is running: `sha256:…` of a plugin file, `name==version` of a package; "" for lmgeo's own."""
    return _ORIGIN.get()


@contextmanager
def running(origin: str) -> Iterator[None]:
    """What registers inside is of `origin`; what it prints goes to standard error, which no JSON shares."""
    token = _ORIGIN.set(origin)
    try:
        with redirect_stdout(sys.stderr):
            yield
    finally:
        _ORIGIN.reset(token)


@dataclass(frozen=True)
class PluginFile:
    """A plugin as it was read: these bytes run, whatever the file holds later.

    Attributes:
        path: where it lay, absolute.
        sha256: of its bytes, as hex.
        source: its bytes.
    """

    path: str
    sha256: str
    source: bytes = field(repr=False)

    @classmethod
    def read(cls, path: str | Path) -> PluginFile:
        """Read a plugin without running it.

        Raises:
            SpecError: no such file, no Python file, or one that may not be read.
        """
        place = Path(path).expanduser()
        if not place.is_file():
            kind = "a folder" if place.is_dir() else "not there"
            raise SpecError(f"plugin {str(path)!r} is {kind}", "give a Python file with measures in it")
        if place.suffix != ".py":
            raise SpecError(f"plugin {str(path)!r} is no .py file", "give a Python file with measures in it")
        try:
            source = place.read_bytes()
        except PermissionError as error:
            raise SpecError(f"plugin {str(path)!r} may not be read", "look at its permissions") from error
        return cls(str(place.resolve()), sha256(source).hexdigest(), source)

    @property
    def origin(self) -> str:
        """What enters the keys of its results."""
        return f"sha256:{self.sha256}"

    def to_json(self) -> dict[str, str]:
        """Path and hash, for plans and records."""
        return {"path": self.path, "sha256": self.sha256}


def load_plugin(file: PluginFile, registries: Sequence[Registry[Any]], check: Callable[[Any], None]) -> None:
    """Run a plugin once in this process, so that the registries hold what it declares.

    The same bytes do not run twice. A file that changed since takes the place of what it was.

    Args:
        file: the plugin.
        registries: what it may add to.
        check: raises LmgeoError for a thing it added that will not do.

    Raises:
        SpecError: it fails as it runs, with the line; it declares nothing; a name that is taken.
    """
    if any(known.sha256 == file.sha256 for known, _ in _loaded.values()):
        return
    own = _loaded.get(file.path, (file, []))[1]
    # what is built in comes first, so that a name taken is the plugin's fault
    before = [set(registry) - {n for r, n in own if r is registry} for registry in registries]
    with ExitStack() as stack:
        for registry in registries:
            stack.enter_context(registry.all_or_nothing())
        for registry, name in own:
            registry.forget(name)
        stack.enter_context(_module(file))
        added = [(r, n) for r, old in zip(registries, before, strict=True) for n in r if n not in old]
        if not added:
            raise SpecError(
                f"plugin {file.path} declares no {registries[0].kind}", "decorate a function in it with @measure(…)"
            )
        for registry, name in added:
            _checked(file, check, registry[name])
    _loaded[file.path] = (file, added)


def _checked(file: PluginFile, check: Callable[[Any], None], thing: Any) -> None:
    try:
        check(thing)
    except LmgeoError as error:
        raise SpecError(f"plugin {file.path}: {error.what}", error.mend) from error


def load_installed(point: EntryPoint) -> None:
    """Load what an installed package offers; its name and version are the origin.

    Raises:
        SpecError: it fails as it is imported.
    """
    origin = f"{point.dist.name}=={point.dist.version}" if point.dist else point.value
    try:
        with running(origin):
            point.load()
    except (Exception, SystemExit) as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{origin}, entry point {point.name!r} ({last.filename}, line {last.lineno})"
        raise SpecError(f"{where}: {_said(error)}", "mend that package, or uninstall it") from error


def loaded_plugins() -> list[PluginFile]:
    """The plugins that this process has loaded, in order."""
    return [file for file, _ in _loaded.values()]


def unload_plugins() -> None:
    """Forget every plugin and what it declared."""
    for _, added in _loaded.values():
        for registry, name in added:
            registry.forget(name)
    _loaded.clear()


class _Bytes(importlib.abc.SourceLoader):
    """Compiles the very bytes that were hashed; leaves no compiled file beside them and reads none."""

    def __init__(self, file: PluginFile) -> None:
        self._file = file

    def get_filename(self, fullname: str) -> str:
        """Where the bytes came from."""
        del fullname
        return self._file.path

    def get_data(self, path: str | bytes) -> bytes:
        """The bytes as read."""
        del path
        return self._file.source


@contextmanager
def _module(file: PluginFile) -> Iterator[None]:
    """Run a plugin as a module, which stays only if the block ends well."""
    name = f"lmgeo_plugin_{file.sha256[:12]}"
    loader = _Bytes(file)
    module = importlib.util.module_from_spec(ModuleSpec(name, loader, origin=file.path))
    sys.modules[name] = module  # dataclasses look their module up while they are made
    try:
        _run(file, loader, module)
        yield
    except BaseException:
        del sys.modules[name]
        raise


def _run(file: PluginFile, loader: _Bytes, module: ModuleType) -> None:
    try:
        with running(file.origin):
            loader.exec_module(module)
    except (Exception, SystemExit) as error:
        raise _told(file, error) from error


def _told(file: PluginFile, error: BaseException) -> SpecError:
    line = error.lineno if isinstance(error, SyntaxError) else last_line(error, file.path)
    where = f"plugin {file.path}" + (f", line {line}" if line else "")
    mend = error.mend if isinstance(error, LmgeoError) else "mend the plugin"
    return SpecError(f"{where}: {_said(error)}", mend)


def _said(error: BaseException) -> str:
    if isinstance(error, LmgeoError):
        return error.what
    return f"{type(error).__name__}: {error.msg if isinstance(error, SyntaxError) else error}"


def last_line(error: BaseException, path: str) -> int | None:
    """The line of a file in which an error arose, or in which it called what raised it."""
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == path]
    return lines[-1] if lines else None
