"""The table of floors in docs/architecture.md, held against every import of the package."""

from __future__ import annotations

import ast
import graphlib
from pathlib import Path

import pytest

from tests.architecture.floors import faults, read_floors
from tests.architecture.source import PACKAGE, ROOT, TOP, all_imports, folder_of, imports, modules

PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
FLOORS = read_floors(PAGE)


def test_the_table_has_a_row_for_every_folder() -> None:
    folders = {p.name for p in PACKAGE.iterdir() if p.is_dir() and any(p.rglob("*.py"))}
    assert folders == set(FLOORS) - {TOP}


def test_the_rows_are_read_as_they_are_meant() -> None:
    assert FLOORS["core"].may_import == frozenset()
    assert FLOORS["analysis"].may_import == {"core", "numerics", "store"}
    below_five = {f for f, row in FLOORS.items() if row.number <= 4}
    assert FLOORS["study"].may_import == below_five - {"analysis", "report"}
    assert FLOORS["api"].may_import == below_five | {"study"}
    assert FLOORS["cli"].may_import == {"core", "api"}
    assert FLOORS[TOP].may_import == {"core", "api", "cli"}


@pytest.mark.parametrize("name", sorted(modules()))
def test_a_module_imports_only_what_its_row_lists(name: str) -> None:
    module = modules()[name]
    wrong = []
    for found in all_imports()[name]:
        target = folder_of(found.module)
        if target is not None and faults(module.folder, {target}, FLOORS):
            wrong.append(f"{module.place}:{found.line} imports {found.module}")
    assert not wrong, f"{module.folder}/ may import {sorted(FLOORS[module.folder].may_import)}: {wrong}"


def test_only_the_two_entry_files_stand_beside_the_folders() -> None:
    assert {p.name for p in PACKAGE.glob("*.py")} <= {"__init__.py", "__main__.py"}


def test_studies_hold_yaml_only() -> None:
    other = [p.name for p in (PACKAGE / "studies").iterdir() if p.suffix != ".yaml" and p.name != "__pycache__"]
    assert not other


def test_no_cycle_between_folders() -> None:
    edges: dict[str, set[str]] = {}
    for name, found in all_imports().items():
        folder = modules()[name].folder
        targets = {t for i in found if (t := folder_of(i.module)) is not None and t != folder}
        edges.setdefault(folder, set()).update(targets)
    _no_cycle(edges)


def test_no_cycle_between_modules() -> None:
    known = modules()
    edges = {
        name: {i.module for i in found if i.at_top and i.module in known and i.module != name}
        for name, found in all_imports().items()
    }
    _no_cycle(edges)


def _no_cycle(edges: dict[str, set[str]]) -> None:
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" → ".join(error.args[1]))


@pytest.mark.shared
def test_the_table_equals_the_design_page(shared: Path) -> None:
    design = (shared / "design.md").read_text(encoding="utf-8")
    assert _table(PAGE) == _table(design)


def _table(page: str) -> list[str]:
    lines = page.splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("| floor | folder"))
    end = next(i for i in range(start, len(lines)) if not lines[i].startswith("|"))
    return lines[start:end]


# The reader itself: a wall that sees nothing would let everything through.

KNOWN = frozenset({"lmgeo.core", "lmgeo.core.files", "lmgeo.study", "lmgeo.study.plan", "lmgeo.models"})


@pytest.mark.parametrize(
    ("source", "module", "at_top"),
    [
        ("import lmgeo.models", "lmgeo.models", True),
        ("from lmgeo.core import files", "lmgeo.core.files", True),
        ("from lmgeo.core.files import write_text", "lmgeo.core.files", True),
        ("from lmgeo import models", "lmgeo.models", True),
        ("from . import plan", "lmgeo.study.plan", True),
        ("from .plan import Plan", "lmgeo.study.plan", True),
        ("from ..models import load", "lmgeo.models", True),
        ("from .. import models", "lmgeo.models", True),
        ("try:\n    import lmgeo.models\nexcept ImportError:\n    raise", "lmgeo.models", True),
        ("def f():\n    import lmgeo.models", "lmgeo.models", False),
        ("if TYPE_CHECKING:\n    import lmgeo.models", "lmgeo.models", False),
        ("if typing.TYPE_CHECKING:\n    import lmgeo.models", "lmgeo.models", False),
        ("importlib.import_module('lmgeo.models')", "lmgeo.models", False),
        ("import_module('..models', __package__)", "lmgeo.models", False),
        ("importlib.import_module(f'lmgeo.models.{name}')", "lmgeo.models", False),
        ("LAZY = {'load': 'lmgeo.models'}", "lmgeo.models", False),
    ],
)
def test_every_way_to_import_is_seen(source: str, module: str, at_top: bool) -> None:
    found = imports("lmgeo.study.run", ast.parse(source), False, KNOWN)
    assert (module, at_top) in {(i.module, i.at_top) for i in found}


def test_a_package_counts_relative_imports_from_itself() -> None:
    found = imports("lmgeo.study", ast.parse("from .plan import Plan"), True, KNOWN)
    assert [i.module for i in found] == ["lmgeo.study.plan"]


def test_a_text_that_mentions_a_module_is_no_import() -> None:
    assert imports("lmgeo.core.x", ast.parse("'see lmgeo.models for more'"), False, KNOWN) == []


def test_the_wall_stands() -> None:
    assert faults("core", {"core", "numerics"}, FLOORS) == {"numerics"}
    assert faults("study", {"analysis", "models", "study"}, FLOORS) == {"analysis"}
    assert faults(TOP, {"api", "models"}, FLOORS) == {"models"}
