"""What a part of the analysis is given, made from a table as `analyze` makes it."""

from __future__ import annotations

import pandas as pd

from lmgeo.analysis import analyze
from lmgeo.analysis.data import Data
from lmgeo.core.spec.blocks import AnalyzeSpec


class _Caught(Exception):
    def __init__(self, data: Data) -> None:
        super().__init__()
        self.data = data


def _catch(data: Data) -> None:
    raise _Caught(data)


def data_of(table: pd.DataFrame, **spec: object) -> Data:
    """The data that `analyze` hands to its parts; the target is `y` unless the spec says otherwise."""
    parts = analyze.PARTS.copy()
    analyze.PARTS.clear()
    analyze.PARTS["caught"] = _catch
    try:
        analyze.analyze(table, AnalyzeSpec(**{"target": "y", **spec}))
    except _Caught as caught:
        return caught.data
    finally:
        analyze.PARTS.clear()
        analyze.PARTS.update(parts)
    raise RuntimeError("analyze called no part")
