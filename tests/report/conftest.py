"""A table as a study writes it: two bases under noise, two tasks, a dozen measures."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from lmgeo.analysis.analyze import analyze
from lmgeo.core.spec.blocks import AnalyzeSpec

MEASURES = ["final.eee", "final.isoscore", "final.lsq_patchiness", "unembedding.effective_rank"]


@pytest.fixture
def table() -> pd.DataFrame:
    """Twenty-six rows; `final.eee` follows the score, the others less so."""
    random = np.random.default_rng(3)
    rows: list[dict[str, Any]] = []
    for base in ("tiny-a", "tiny-b"):
        for alpha in (0, 1, 5, 10, 20, 50, 100):
            for seed in (1, 2) if alpha else (None,):
                hurt = 1 - np.exp(-alpha / 25)
                name = f"{base}|noise(alpha={alpha},seed={seed})" if alpha else base
                row = {
                    "model": name,
                    "base": base,
                    "kind": "noise" if alpha else None,
                    "alpha": alpha,
                    "noise_seed": seed,
                }
                row |= {
                    m: -hurt * w + random.normal(0, 0.1) for m, w in zip(MEASURES, (1, -0.5, 0.7, 0.0), strict=True)
                }
                order, topic = 0.8 - 0.3 * hurt + random.normal(0, 0.02, 2)
                rows.append(row | {"score.order": order, "score.topic": topic, "score.average": (order + topic) / 2})
    return pd.DataFrame(rows)


@pytest.fixture
def facts(table: pd.DataFrame) -> dict[str, Any]:
    """What the analysis says of the table, with controls, a factor and a hold-out."""
    return analyze(table, AnalyzeSpec(by="base", controls=["alpha"]), MEASURES, holdout=table.head(5))
