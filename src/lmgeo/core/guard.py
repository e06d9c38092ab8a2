"""The fence around a function that a user wrote: it gives a sound value, or says why not."""

from __future__ import annotations

import functools
import json
import math
import sys
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.plugins import last_line


def guarded(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A user's function that gives a finite number with plain details, or raises `NotEnoughData` that says why not.

    One measure that fails must not take the others with it.
    """

    path = getattr(getattr(function, "__code__", None), "co_filename", "")

    @functools.wraps(function)
    def call(*given: Any, **settings: Any) -> Any:
        try:
            with redirect_stdout(sys.stderr):
                outcome = function(*given, **settings)
        except NotEnoughData:
            raise
        except (Exception, SystemExit) as error:  # a measure that exits would end the program in silence
            line = last_line(error, path)
            where = f" ({Path(path).name}, line {line})" if line else ""
            raise NotEnoughData(f"it raised {type(error).__name__}: {error}{where}", "mend the plugin") from error
        return _plain(outcome)

    return call


def _plain(outcome: Any) -> Any:
    """The outcome, if it is a finite number; numpy's scalars and arrays in its details become Python's."""
    value = getattr(outcome, "value", outcome)
    try:
        if isinstance(value, (str, bytes)):
            raise TypeError("a text")  # though "3" would pass for 3
        number = float(value)
    except (TypeError, ValueError, OverflowError) as error:
        raise NotEnoughData(f"it gave a {type(value).__name__}, not a number", "mend the plugin") from error
    if not math.isfinite(number):
        raise NotEnoughData(f"it came out as {number}", "mend the plugin, or have it raise NotEnoughData")
    if outcome is value:
        return number
    try:
        details = json.loads(json.dumps(outcome.details, allow_nan=False, default=lambda v: v.tolist()))
    except (TypeError, ValueError, AttributeError) as error:
        raise NotEnoughData(f"its details are not plain: {error}", "give numbers, texts and lists of them") from error
    return type(outcome)(number, details)
