"""Files and functions of a size that reads well, with words on what is public."""

from __future__ import annotations

import ast

import pytest

from tests.architecture.source import Module, functions, modules

MOST_LINES_OF_A_FILE = 300
MOST_LINES_OF_A_FUNCTION = 60
USUAL_LINES_OF_A_FUNCTION = 30


def test_no_file_is_long() -> None:
    lengths = {m.place: len(m.path.read_text(encoding="utf-8").splitlines()) for m in modules().values()}
    assert {place: n for place, n in lengths.items() if n > MOST_LINES_OF_A_FILE} == {}


def test_no_function_is_long() -> None:
    long = [f"{m.place}:{f.lineno} {f.name}: {n}" for m, f, n in functions() if n > MOST_LINES_OF_A_FUNCTION]
    assert not long


def test_nine_functions_in_ten_are_short() -> None:
    lengths = [n for _, _, n in functions()]
    short = sum(n < USUAL_LINES_OF_A_FUNCTION for n in lengths)
    assert short >= 0.9 * len(lengths), f"{short} of {len(lengths)}"


@pytest.mark.parametrize("name", sorted(modules()))
def test_what_is_public_says_what_it_does(name: str) -> None:
    module = modules()[name]
    assert not _silent(module)


def _silent(module: Module) -> list[str]:
    """Public functions, classes and methods without a docstring; and the module, unless it is empty."""
    silent = []
    if module.tree.body and ast.get_docstring(module.tree) is None:
        silent.append(f"{module.place}: the module")
    for node in _public(module.tree.body):
        inside = _public(node.body) if isinstance(node, ast.ClassDef) else []
        silent += [f"{module.place}:{n.lineno} {n.name}" for n in (node, *inside) if not ast.get_docstring(n)]
    return silent


def _public(body: list[ast.stmt]) -> list[ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]:
    definitions = [n for n in body if isinstance(n, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef))]
    return [n for n in definitions if not n.name.startswith("_")]
