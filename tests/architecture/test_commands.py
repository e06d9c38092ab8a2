"""Every command says what it does, with an example, and stands in the README."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main

from lmgeo.cli.main import app
from tests.architecture.source import ROOT

PROMISED = {
    "measure", "weights", "compare", "perturb", "pretrain", "evaluate", "run", "status",
    "table", "analyze", "report", "verify", "list", "doctor",
}  # fmt: skip

COMMANDS: dict[str, Any] = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


def test_the_commands_are_those_promised() -> None:
    assert set(COMMANDS) == PROMISED


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_help_has_an_example(name: str) -> None:
    help_text = COMMANDS[name].help or ""
    assert len(help_text.split("\n\n")[0].split()) >= 3, "the help says what the command does"
    assert f"lmgeo {name} " in help_text or f"lmgeo {name}\n" in help_text + "\n"


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_every_option_is_explained(name: str) -> None:
    silent = [p.name for p in COMMANDS[name].params if not getattr(p, "help", None) and p.name != "help"]
    assert not silent


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_the_common_options_are_there(name: str) -> None:
    options = {o for p in COMMANDS[name].params for o in p.opts}
    assert options >= {"--json", "--quiet", "--offline"}


@pytest.mark.parametrize("name", sorted(PROMISED))
def test_the_readme_shows_it(name: str) -> None:
    assert f"lmgeo {name}" in (ROOT / "README.md").read_text(encoding="utf-8")
