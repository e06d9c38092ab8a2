"""The program: every command registered, every error given its exit code."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

import typer
from typer.exceptions import Abort, TyperException

from lmgeo.cli.analyze import analyze
from lmgeo.cli.compare import compare
from lmgeo.cli.doctor import doctor
from lmgeo.cli.evaluate import evaluate
from lmgeo.cli.list import list_
from lmgeo.cli.measure import measure
from lmgeo.cli.perturb import perturb
from lmgeo.cli.pretrain import pretrain
from lmgeo.cli.report import report
from lmgeo.cli.run import run
from lmgeo.cli.status import status
from lmgeo.cli.table import table
from lmgeo.cli.verify import verify
from lmgeo.cli.weights import weights
from lmgeo.core.errors import LmgeoError, Unfinished

FAILED_PARTS, BAD_INPUT, BUG, INTERRUPTED = 1, 2, 70, 130
COMMANDS: dict[str, Callable[..., None]] = {
    "measure": measure,
    "weights": weights,
    "compare": compare,
    "perturb": perturb,
    "pretrain": pretrain,
    "evaluate": evaluate,
    "run": run,
    "status": status,
    "table": table,
    "analyze": analyze,
    "report": report,
    "verify": verify,
    "list": list_,
    "doctor": doctor,
}

app = typer.Typer(
    name="lmgeo",
    help="Measure the geometry of language models, and ask what it says about how well they perform.",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
for _name, _command in COMMANDS.items():
    app.command(_name)(_command)


def main(arguments: list[str] | None = None) -> None:
    """Run one command and exit: 0 done, 1 failed parts, 2 bad input, 70 our bug, 130 interrupted."""
    sys.exit(_run(arguments))


def _run(arguments: list[str] | None) -> int:
    try:
        code = app(args=arguments or sys.argv[1:] or ["--help"], standalone_mode=False) or 0
        if code == INTERRUPTED:  # what typer makes of an interrupt, without a word
            raise KeyboardInterrupt
        return code
    except TyperException as error:
        sys.stderr.write(f"error: {_refusal(error)}\n  → `lmgeo --help` and `lmgeo COMMAND --help` show the options\n")
        return BAD_INPUT
    except Unfinished as error:
        sys.stderr.write(f"stopped: {error}\n")
        return FAILED_PARTS
    except LmgeoError as error:
        sys.stderr.write(f"error: {error}\n")
        return BAD_INPUT
    except (KeyboardInterrupt, Abort):
        sys.stderr.write("interrupted; what was done is kept, the same command continues\n")
        return INTERRUPTED
    except BrokenPipeError:
        sys.stderr.close()  # the reader of our output left; say nothing more
        return 0
    except OSError as error:
        sys.stderr.write(f"error: {error}\n  → check that path, its permissions and the space there\n")
        return BAD_INPUT
    except Exception:
        traceback.print_exc()
        sys.stderr.write("this is a fault of lmgeo: please report it with the lines above and the command\n")
        return BUG


def _refusal(error: TyperException) -> str:
    """What typer says of an option, with the value where it keeps it to itself."""
    from pydantic import ValidationError

    said = error.format_message()
    if not isinstance(error.__cause__, ValidationError):
        return said
    value = repr(error.__cause__.errors()[0]["input"])
    return said if value in said else f"{said}: {value}"
