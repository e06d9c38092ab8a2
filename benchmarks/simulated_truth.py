"""Do the intervals hold what they promise? Tables with a known truth, analysed as any table is.

    python benchmarks/simulated_truth.py [--simulations 1000] [--boosted 100] [--scenarios confounded,effect,seeds]

`confounded`: measure and target follow one control and have nothing to do with each other beyond it. `effect`: the
measure has an effect of a stated size beside the control. Rows come from 24 bases, each of which has a level of its
own in the target. `seeds`: 30 training configurations with 4 seeds each; measure and target each have a part that the
seeds of a configuration share, independent of each other; analysed with the configurations told and, as `rows`, with
the columns left out that tell them. Prints a table in Markdown and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from math import asin, pi, sqrt
from unittest.mock import patch

import numpy as np
import pandas as pd

from lmgeo.analysis import analyze as analysis
from lmgeo.analysis.incremental import trees
from lmgeo.core.spec.blocks import AnalyzeSpec

Figures = dict[str, float]
EFFECT = 0.6  # of the measure beside the control, in the units of the simulation
_BASES, _COPIES = 24, 5
_CONFIGURATIONS, _SEEDS = 30, 4
_NOISE, _SHARED = 0.5, 0.3  # standard deviations: of a row, and of a base
_WITHIN, _GROUP = 0.3, 0.6  # of a seed, and of a training configuration


def confounded(random: np.random.Generator, effect: float = 0.0) -> pd.DataFrame:
    """Copies of bases; measure `x` and target `y` follow the control `z`, and `y` follows `x` by `effect`."""
    n = _BASES * _COPIES
    base = np.repeat(np.arange(_BASES), _COPIES)
    z = random.normal(size=n)
    x = z + _NOISE * random.normal(size=n)
    shared = _SHARED * random.normal(size=_BASES)[base]
    y = z + effect * x + shared + _NOISE * random.normal(size=n)
    return pd.DataFrame({"base": [f"b{i}" for i in base], "z": z, "x": x, "y": y})


def effect(random: np.random.Generator) -> pd.DataFrame:
    """The same with an effect."""
    return confounded(random, EFFECT)


def seeds(random: np.random.Generator) -> pd.DataFrame:
    """Training configurations with several seeds; no effect, but parts that a configuration's seeds share."""
    n = _CONFIGURATIONS * _SEEDS
    configuration = np.repeat(np.arange(_CONFIGURATIONS), _SEEDS)
    z = random.normal(size=_CONFIGURATIONS)[configuration]
    parts = random.normal(size=(2, _CONFIGURATIONS))[:, configuration]
    x, y = (z + _GROUP * part + _WITHIN * random.normal(size=n) for part in parts)
    chosen = {"learning_rate": 1e-4 * (1 + configuration), "pretrain_seed": np.tile(np.arange(_SEEDS), _CONFIGURATIONS)}
    return pd.DataFrame({**chosen, "z": z, "x": x, "y": y})


def rows(random: np.random.Generator) -> pd.DataFrame:
    """The same table without the columns that tell which rows belong together."""
    return seeds(random).drop(columns=["learning_rate", "pretrain_seed"])


SCENARIOS: dict[str, Callable[[np.random.Generator], pd.DataFrame]] = {
    "confounded": confounded, "effect": effect, "seeds": seeds, "rows": rows
}  # fmt: skip


def truth(scenario: str) -> Figures:
    """Partial Spearman, standardised slope and gain in R² of the population that a scenario draws from.

    For normal variables Spearman is 6/π · asin(r/2); the partial one follows from the three pairs.
    It is not quite 0 where Pearson's is, as a straight line between ranks is not a straight line.
    """
    beta = EFFECT if scenario == "effect" else 0.0
    own = _GROUP**2 + _WITHIN**2 if scenario in ("seeds", "rows") else _NOISE**2  # of the measure beside the control
    rest = own if scenario in ("seeds", "rows") else _SHARED**2 + _NOISE**2  # of the target beside both
    of_x, of_y = 1.0 + own, (1.0 + beta) ** 2 + beta**2 * own + rest
    pairs = (1.0 + beta * of_x) / sqrt(of_x * of_y), 1.0 / sqrt(of_x), (1.0 + beta) / sqrt(of_y)
    xy, xz, yz = (6.0 / pi * asin(r / 2.0) for r in pairs)
    partial = (xy - xz * yz) / sqrt((1.0 - xz**2) * (1.0 - yz**2))
    return {"partial": partial, "slope": beta * sqrt(of_x / of_y), "gain": beta**2 * own / of_y}


@contextmanager
def only(parts: tuple[str, ...], boosted: bool) -> Iterator[None]:
    """Leave an analysis the parts wanted, and trees only where they are wanted: they take most of the time."""
    wanted = {name: part for name, part in analysis.PARTS.items() if name in parts}
    most = trees.MOST_MEASURES if boosted else 0
    with patch.dict(analysis.PARTS, wanted, clear=True), patch.object(trees, "MOST_MEASURES", most):
        yield


def simulate(scenario: str, seed: int, boosted: bool) -> Figures:
    """One table's estimates, and 1 or 0 for each interval that holds the truth or not."""
    table, true = SCENARIOS[scenario](np.random.default_rng([seed, 7])), truth(scenario)
    parts = ("incremental", "incremental_all") if boosted else ("partial", "incremental", "incremental_all", "mixed")
    with only(parts, boosted):
        spec = AnalyzeSpec(target="y", measures=["x"], controls=["z"], seed=seed)
        facts = analysis.analyze(table, spec)
    if boosted:
        return {"ΔR², trees": facts["incremental"][0]["boosted"]["delta_r2"]}
    gain = facts["incremental"][0]
    found = {
        "raw Spearman": float(table["x"].corr(table["y"], method="spearman")),
        "partial Spearman": facts["partial"][0]["spearman"],
        "partial interval holds the truth": _holds(facts["partial"][0]["ci"], true["partial"]),
        "ΔR², least squares": gain["delta_r2"],
        "ΔR² interval holds the truth": _holds(gain["ci"], true["gain"]),
        "ΔR² interval lies above 0": float(gain["ci"][0] > 0.0),
        "ΔR², ridge": facts["incremental_all"]["linear"]["delta_r2"],
    }
    return found | _of_mixed(facts["mixed"], true["slope"])


def _of_mixed(entries: list[dict], slope: float) -> Figures:
    if not entries:
        return {}
    return {
        "mixed slope": entries[0]["slope"],
        "mixed interval holds the truth": _holds(entries[0]["ci"], slope),
        "its bootstrap interval holds the truth": _holds(entries[0]["bootstrap_ci"], slope),
    }


def _holds(interval: list[float], value: float) -> float:
    return float(interval[0] <= value <= interval[1])


def run(scenario: str, simulations: int, boosted: int) -> dict[str, tuple[float, float, int]]:
    """Mean, standard error of the mean and number of tables of every figure."""
    found = defaultdict(list)
    for seed in range(simulations):
        for name, value in simulate(scenario, seed, boosted=False).items():
            found[name].append(value)
    for seed in range(boosted):
        for name, value in simulate(scenario, seed, boosted=True).items():
            found[name].append(value)
    return {name: (float(np.mean(v)), float(np.std(v) / sqrt(len(v))), len(v)) for name, v in found.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--simulations", type=int, default=1000)
    options.add_argument("--boosted", type=int, default=100)
    options.add_argument("--scenarios", default=",".join(SCENARIOS))
    asked = options.parse_args()
    result = {}
    print("| scenario | figure | mean | standard error | tables | truth |\n|---|---|---|---|---|---|")
    for scenario in asked.scenarios.split(","):
        result[scenario] = run(scenario, asked.simulations, asked.boosted)
        true = truth(scenario)
        known = {"partial Spearman": true["partial"], "mixed slope": true["slope"], "ΔR², least squares": true["gain"]}
        for name, (mean, error, count) in result[scenario].items():
            of_truth = f"{known[name]:.4f}" if name in known else ""
            print(f"| {scenario} | {name} | {mean:.4f} | {error:.4f} | {count} | {of_truth} |", flush=True)
    print(json.dumps({"benchmark": "simulated_truth", **result}))


if __name__ == "__main__":
    main()
