"""Every command says what it does, with an example, takes the common options, and stands in the README."""

from __future__ import annotations

from typing import Any

import pytest
import typer.main

from lmgeo.cli.main import app
from tests.architecture.source import ROOT

COMMANDS: dict[str, Any] = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_help_says_what_it_does_with_an_example(name: str) -> None:
    what, _, rest = (COMMANDS[name].help or "").partition("\n\n")
    assert len(what.split()) >= 3
    assert f"Example: lmgeo {name}" in rest


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_argument_and_option_is_explained(name: str) -> None:
    silent = [p.name for p in COMMANDS[name].params if not getattr(p, "help", None) and p.name != "help"]
    assert not silent


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_common_options_are_there(name: str) -> None:
    options = {o for p in COMMANDS[name].params for o in p.opts}
    assert options >= {"--json", "--quiet", "--offline"}


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_readme_shows_it(name: str) -> None:
    assert f"lmgeo {name} " in (ROOT / "README.md").read_text(encoding="utf-8")
