"""A user's own measures beside the built-in ones."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from lmgeo.core.errors import SpecError
from lmgeo.core.plugins import PluginFile, load_plugin
from lmgeo.measures.declare import COMPARISONS, MEASURES, Measure
from lmgeo.measures.quantized import QUANTIZERS
from lmgeo.numerics.quantizers.quantization import Quantization


def load_plugins(paths: Iterable[str | Path]) -> list[PluginFile]:
    """Run plugin files, so that their measures are found wherever the built-in ones are.

    Raises:
        SpecError: a file that is not there, fails as it runs (with the line), declares no measure, or takes a name.
    """
    files = [PluginFile.read(path) for path in paths]
    for file in files:
        run_plugin(file)
    return files


def run_plugin(file: PluginFile) -> None:
    """The same for a plugin that was read already.

    Raises:
        SpecError: as `load_plugins`.
    """
    load_plugin(file, (MEASURES, COMPARISONS), _check)


def _check(declared: Measure) -> None:
    kind = declared.state
    if kind is Quantization:
        if not declared.name.startswith(tuple(QUANTIZERS)):
            mend = f"declare it with prefixes={tuple(QUANTIZERS)}, or some of them"
            raise SpecError(f"measure {declared.name!r} names no quantizer", mend)
    elif not hasattr(kind, "merge") and not hasattr(kind, "of"):
        raise SpecError(
            f"measure {declared.name!r} reads {getattr(kind, '__name__', kind)!r}, which is no state",
            "declare it with state=Moments, Directions or Rows",
        )
