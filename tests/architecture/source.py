"""The package's source as data: modules, what each imports, its functions."""

from __future__ import annotations

import ast
import importlib.util
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "lmgeo"
TOP = "lmgeo"  # the floor-7 files of the package itself: __init__.py and __main__.py

_MODULE_NAME = re.compile(rf"{TOP}(\.\w+)+")


@dataclass(frozen=True)
class Import:
    """One import: the dotted module it names, its line, and whether it runs when the file is imported."""

    module: str
    line: int
    at_top: bool


@dataclass(frozen=True)
class Module:
    """One file of the package."""

    name: str
    path: Path
    tree: ast.Module

    @property
    def folder(self) -> str:
        """The floor it belongs to: its first folder, or the package itself."""
        parts = self.name.split(".")
        in_folder = len(parts) > 2 or (len(parts) == 2 and self.path.name == "__init__.py")
        return parts[1] if in_folder else TOP

    @property
    def place(self) -> str:
        """Its path under the project, for messages."""
        return str(self.path.relative_to(ROOT))


@cache
def modules() -> dict[str, Module]:
    """Every module of the package by dotted name."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        name = module_name(path, PACKAGE.parent)
        found[name] = Module(name, path, ast.parse(path.read_text(encoding="utf-8"), str(path)))
    return found


def module_name(path: Path, root: Path) -> str:
    """`lmgeo.core.files` for `src/lmgeo/core/files.py`; a package has its folder's name."""
    parts = path.relative_to(root).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(name: str, tree: ast.Module, is_package: bool, known: frozenset[str]) -> list[Import]:
    """Every import of a module, lazy, under TYPE_CHECKING, relative or named in a string.

    Args:
        name: the module's dotted name, from which relative imports count.
        tree: its syntax.
        is_package: whether it is an `__init__.py`.
        known: the dotted names of all modules, to tell `from package import module` from a function's import.
    """
    package = name if is_package else name.rpartition(".")[0]
    found = []
    for node, at_top in _walk(tree, True):
        for module in _named(node, package, known):
            found.append(Import(module, getattr(node, "lineno", 0), at_top and isinstance(node, ast.stmt)))
    return found


def _walk(node: ast.AST, at_top: bool) -> Iterator[tuple[ast.AST, bool]]:
    for child in ast.iter_child_nodes(node):
        deeper = at_top and not isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        deeper = deeper and not (isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test))
        yield child, deeper
        yield from _walk(child, deeper)


def _named(node: ast.AST, package: str, known: frozenset[str]) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return _from(node, package, known)
    if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in ("import_module", "__import__"):
        return _dynamic(node, package)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and _MODULE_NAME.fullmatch(node.value):
        return [node.value]  # a registry's package, or a table of lazy names
    return []


def _from(node: ast.ImportFrom, package: str, known: frozenset[str]) -> list[str]:
    base = node.module or ""
    if node.level:
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    return [f"{base}.{alias.name}" if f"{base}.{alias.name}" in known else base for alias in node.names]


def _dynamic(node: ast.Call, package: str) -> list[str]:
    """The part of an `import_module` argument that stands in the source."""
    first = node.args[0] if node.args else None
    if isinstance(first, ast.JoinedStr) and first.values:
        first = first.values[0]
    if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
        return []
    return [importlib.util.resolve_name(first.value, package).rstrip(".")]


@cache
def all_imports() -> dict[str, list[Import]]:
    """The imports of every module of the package."""
    known = frozenset(modules())
    return {
        name: imports(name, module.tree, module.path.name == "__init__.py", known) for name, module in modules().items()
    }


def folder_of(module: str) -> str | None:
    """The folder of the package that a dotted name leads into; None for other libraries."""
    parts = module.split(".")
    if parts[0] != TOP:
        return None
    return parts[1] if len(parts) > 1 and (PACKAGE / parts[1]).is_dir() else TOP


def functions() -> Iterator[tuple[Module, ast.FunctionDef | ast.AsyncFunctionDef, int]]:
    """Every function of the package with its length in lines."""
    for module in modules().values():
        for node in ast.walk(module.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                yield module, node, (node.end_lineno or node.lineno) - node.lineno + 1
