"""What a measure of one's own is written with: `from lmgeo.api.plugins import Rows, measure`.

docs/custom-measures.md tells how; a file of measures is named by `--plugin`, or loaded here.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from lmgeo.core.errors import NotEnoughData
from lmgeo.measures.comparisons import comparison
from lmgeo.measures.declare import Valued, measure
from lmgeo.states.comoments import CoMoments
from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows
from lmgeo.states.steps import Steps

__all__ = [
    "CoMoments",
    "Directions",
    "Moments",
    "NotEnoughData",
    "Rows",
    "Steps",
    "Valued",
    "comparison",
    "load_plugins",
    "measure",
]


def load_plugins(plugins: str | Path | Sequence[str | Path]) -> None:
    """Run files of measures of one's own, so that this process knows them beside the built-in ones.

    Args:
        plugins: one Python file, or several; each runs with all the rights of the program.

    Raises:
        SpecError: a file that is not there, fails as it runs (with the line), declares no measure, or takes a name.
    """
    from lmgeo.measures.plugins import load_plugins as load

    load([plugins] if isinstance(plugins, (str, Path)) else plugins)
