"""`--plugin` as a user meets it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lmgeo.cli.main import COMMANDS
from lmgeo.core.plugins import unload_plugins

EXAMPLE = Path(__file__).resolve().parents[2] / "examples" / "my_measure.py"


@pytest.fixture(autouse=True)
def _unloaded():
    """What a test's plugins declare is gone after it."""
    yield
    unload_plugins()


@pytest.fixture
def cloud(tmp_path):
    np.save(tmp_path / "cloud.npy", np.random.default_rng(0).normal(size=(60, 4)))
    return tmp_path / "cloud.npy"


def test_its_measures_are_measured_and_listed(call, cloud):
    code, out, _ = call("measure", cloud, "--measures", "top_share,eee", "--plugin", EXAMPLE, "--json")
    document = json.loads(out)
    assert code == 0
    assert list(document["objects"]["cloud"]["measures"]) == ["eee", "top_share"]
    assert document["provenance"]["plugins"][0]["path"] == str(EXAMPLE)
    listed = json.loads(call("list", "measures", "--plugin", EXAMPLE, "--json")[1])
    assert {"top_share", "longest_row", "eee"} <= {entry["name"] for entry in listed}


def test_without_it_they_are_unknown(call, cloud):
    code, out, err = call("measure", cloud, "--measures", "top_share")
    assert (code, out) == (2, "")
    assert "top_share" in err


def test_a_bad_plugin_is_one_message_and_exit_2(call, cloud, tmp_path):
    (tmp_path / "bad.py").write_text("import numpy\n\nprint('hello')\n1 / 0\n")
    code, out, err = call("measure", cloud, "--plugin", tmp_path / "bad.py", "--out", tmp_path / "out")
    assert (code, out) == (2, "")
    assert "bad.py, line 4: ZeroDivisionError" in err
    assert "Traceback" not in err
    assert not (tmp_path / "out").exists()
    assert call("list", "measures", "--plugin", tmp_path / "none.py")[0] == 2


@pytest.mark.parametrize("name", ["measure", "run", "list"])
def test_the_help_says_that_it_runs(name):
    import typer.main

    from lmgeo.cli.main import app

    command = typer.main.get_command(app).commands[name]
    option = next(p for p in command.params if "--plugin" in p.opts)
    assert "runs" in option.help
    assert name in COMMANDS
