"""Where the built-in English is: the documentation every CPython carries, read and never run."""

from __future__ import annotations

import ast
import re
import sys
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

# Test suites and demos are not documentation; the rest is what distributions ship apart
# from the interpreter, or what left the standard library within the supported versions.
_SKIPPED_TOPS = frozenset(
    {
        "idlelib",
        "lib2to3",
        "turtledemo",
        "ensurepip",
        "pydoc_data",
        "encodings",
        "antigravity",
        "this",
        "__hello__",
        "__phello__",
    }
)
_SKIPPED_FOLDERS = frozenset({"test", "tests", "idle_test", "site-packages", "dist-packages", "__pycache__"})
_COMMENT = re.compile(r"(?:^[ \t]*#[^\n]*\n){2,}", re.MULTILINE)
_COMMENT_MARK = re.compile(r"^[ \t]*#+:? ?", re.MULTILINE)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def standard_library() -> Path:
    """The folder the standard library's sources lie in."""
    return Path(sysconfig.get_path("stdlib"))


def documents(library: Path) -> Iterator[tuple[str, list[str]]]:
    """Every document as (name, raw texts), in order of name: topics first, then modules.

    A topic (`topic:assert`) is one text; a module (`module:json.decoder`) is its
    docstrings, then its comments of two lines or more, each in the order of the source.
    """
    yield from _topics(library / "pydoc_data" / "topics.py")
    for name, path in module_files(library):
        texts = _texts(path)
        if texts:
            yield f"module:{name}", texts


def module_files(library: Path) -> list[tuple[str, Path]]:
    """Every module's (name, file), in order of name, without tests, demos and what is installed beside the library."""
    modules = {_module_name(path, library): path for path in library.rglob("*.py") if _wanted(path, library)}
    return sorted(modules.items())


def _topics(path: Path) -> Iterator[tuple[str, list[str]]]:
    tree = _parse(path)
    for node in tree.body if tree else []:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict):
            topics = ast.literal_eval(node.value)
            for name in sorted(topics):
                yield f"topic:{name}", [topics[name]]


def _wanted(path: Path, library: Path) -> bool:
    parts = path.relative_to(library).parts
    top = parts[0].removesuffix(".py")
    return (
        top in sys.stdlib_module_names
        and top not in _SKIPPED_TOPS
        and not _SKIPPED_FOLDERS.intersection(parts)
        and not top.startswith("_sysconfigdata")
    )


def _module_name(path: Path, library: Path) -> str:
    parts = path.relative_to(library).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _texts(path: Path) -> list[str]:
    tree = _parse(path)
    if tree is None:
        return []
    found = [(getattr(node, "lineno", 0), node) for node in ast.walk(tree) if isinstance(node, _DOCUMENTED)]
    docstrings = [ast.get_docstring(node) for _, node in sorted(found, key=lambda pair: pair[0])]
    return [text for text in docstrings if text] + _comments(path)


def _comments(path: Path) -> list[str]:
    source = path.read_text("utf-8", "replace")
    return [_COMMENT_MARK.sub("", block) for block in _COMMENT.findall(source)]


def _parse(path: Path) -> ast.Module | None:
    """The syntax tree; None for a file that is absent or is no source of this Python version."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes in somebody else's docstrings
            return ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
