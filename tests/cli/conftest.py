"""What every command's tests share."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from lmgeo.cli.main import _run

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Call:
    """Runs a command in this process; gives exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = _run([str(a) for a in arguments])
        out, err = capsys.readouterr()
        return code, out, err

    return run
