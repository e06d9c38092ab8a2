"""How long the associations of an analysis take, part by part.

    python benchmarks/association.py [--rows 10000] [--measures 60] [--gaps]

The table is made: two controls, five families, every measure a noisy view of what the target shows. With
`--gaps` each measure lacks values on rows of its own, so that no two share their resamples.
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import numpy as np
import pandas as pd

from lmgeo.analysis import analyze as analysis
from lmgeo.core.spec.blocks import AnalyzeSpec

PARTS = ("correlations", "partial", "within", "strata")


def made(rows: int, measures: int, gaps: bool) -> pd.DataFrame:
    """The table."""
    random = np.random.default_rng(0)
    common = random.normal(size=rows)
    values = 0.5 * common[:, None] + random.normal(size=(rows, measures))
    if gaps:
        for column in values.T:
            column[random.integers(0, rows, size=3)] = np.nan
    choices = {
        "family": random.choice(list("abcde"), rows),
        "width": random.choice([64, 128, 256, 512], rows),
        "weight_decay": random.choice([0.01, 0.1, 0.5], rows),
    }
    columns = pd.DataFrame(values, columns=[f"m{i}" for i in range(measures)])
    return pd.concat([pd.DataFrame(choices), columns], axis=1).assign(y=common + random.normal(size=rows))


def timed(name: str) -> Any:
    """A part of the analysis that says how long it took."""
    part = analysis.PARTS[name]

    def run(data: Any) -> Any:
        wall, processor = time.perf_counter(), time.process_time()
        found = part(data)
        took = time.perf_counter() - wall, time.process_time() - processor
        print(f"{name:14s} {took[0]:7.2f} s, {took[1]:7.2f} s of processor time", flush=True)
        return found

    return run


def main() -> None:
    """Print one line a part."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    parser.add_argument("--measures", type=int, default=60)
    parser.add_argument("--gaps", action="store_true")
    options = parser.parse_args()
    table = made(options.rows, options.measures, options.gaps)
    for name in list(analysis.PARTS):
        if name in PARTS:
            analysis.PARTS[name] = timed(name)
        else:
            del analysis.PARTS[name]
    analysis.analyze(table, AnalyzeSpec(target="y", controls=["width", "weight_decay"]))


if __name__ == "__main__":
    main()
