"""Libraries with one home, and what a light command never loads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.source import all_imports, modules

HOMES = {
    "transformers": {"models"},
    "dask": {"study"},
    "distributed": {"study"},
    "typer": {"cli"},
    "click": {"cli"},
    "rich": {"cli"},
    "vl_convert": {"report"},
    "jinja2": {"report"},
    "lm_eval": {"train"},
}
HEAVY = ("torch", "transformers", "pandas", "dask")


def loaded_after(code: str, folder: Path) -> set[str]:
    """The modules that a fresh interpreter holds after `code` ran in `folder`."""
    script = f"{code}\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    environment = {**os.environ, "LMGEO_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def command(*arguments: str) -> str:
    """Code that runs `python -m lmgeo …` and goes on after it ended well."""
    return f"""
import runpy, sys
sys.argv = ["lmgeo", *{list(arguments)!r}]
try:
    runpy.run_module("lmgeo", run_name="__main__", alter_sys=True)
except SystemExit as end:
    if end.code:
        raise"""


@pytest.mark.parametrize("library", sorted(HOMES))
def test_a_library_stays_in_its_home(library: str) -> None:
    away = [
        f"{modules()[name].place}:{i.line}"
        for name, found in all_imports().items()
        for i in found
        if i.module.split(".")[0] == library and modules()[name].folder not in HOMES[library]
    ]
    assert not away


def test_importing_the_package_is_light(tmp_path: Path) -> None:
    assert not loaded_after("import lmgeo", tmp_path) & set(HEAVY)


def test_help_is_light(tmp_path: Path) -> None:
    assert not loaded_after(command("--help"), tmp_path) & set(HEAVY)


@pytest.mark.parametrize("folder", ["analysis", "report"])
def test_what_reads_tables_loads_no_model(folder: str, tmp_path: Path) -> None:
    names = [name for name, module in modules().items() if module.folder == folder]
    loaded = loaded_after("\n".join(f"import {name}" for name in names), tmp_path)
    assert not loaded & {"torch", "transformers", "lmgeo.models", "lmgeo.measures", "lmgeo.states"}


TABLE = "model,family,score.average,final.eee\n" + "".join(
    f"m{i},{'ab'[i % 2]},{0.5 + 0.01 * i + 0.003 * (i * 7 % 5)},{0.2 + 0.02 * i}\n" for i in range(24)
)


@pytest.mark.parametrize(
    "arguments",
    [
        ("analyze", "table.csv", "--target", "score.average", "--json"),
        ("report", "table.csv", "--target", "score.average", "--out", "report.html"),
    ],
)
def test_a_table_is_analysed_and_reported_without_torch(arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    assert not loaded_after(command(*arguments), tmp_path) & {"torch", "transformers"}
