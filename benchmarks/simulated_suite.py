"""Does the analysis of a training suite find what was planted in it? Tables of 6 sizes × 18 runs with a known truth.

    python benchmarks/simulated_suite.py [--simulations 20]

A size has a default and, one at a time, other token budgets with the batch along, other batches at fixed tokens (five
values each), weight decays, learning-rate factors and final fractions (three each); and three more seeds.
Rank rises with size, batch, weight decay and final fraction. Loss falls with size, tokens and annealing and is lowest
at a middle batch. In `none` rank has no effect on loss: they go together because of size alone. In `direct` rank
beyond all choices lowers the loss. Every configuration has a level of its own that all its sizes share, in rank
and in loss, each by itself. Prints a table in Markdown and one line of JSON.
"""

from __future__ import annotations

import argparse
import json
from collections import defaultdict
from collections.abc import Mapping
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

from lmgeo.analysis import analyze as analysis
from lmgeo.analysis.incremental import trees
from lmgeo.core.spec.blocks import AnalyzeSpec

Choices = dict[str, float]
PARAMETERS = (0.1e6, 0.2e6, 0.4e6, 0.7e6, 1.2e6, 2.0e6)
TOKENS, BATCH = 4e6, 16
DEFAULT: Choices = {
    "pretrain_tokens": TOKENS, "batch_size": BATCH, "weight_decay": 0.1, "learning_rate_factor": 1.0,
    "final_fraction": 0.1,
}  # fmt: skip
FINAL = (0.0, 0.1, 0.5)
SEEDS = (0, 1, 2, 3)
CONTROLS = ["parameters", "pretrain_tokens", "flops", *list(DEFAULT)[1:]]
RANK, TARGET = "unembedding.effective_rank_pct", "score.loss"
DIRECT = {"none": 0.0, "direct": -0.1}  # of the rank beyond all choices on the loss, nats a point of rank
SHARED = {"rank": 0.5, "loss": 0.01}  # standard deviations of what a configuration's sizes share
OWN = {"rank": 1.5, "loss": 0.02}  # and of what is a run's own


def configurations() -> list[tuple[str, Choices]]:
    """The default and every change of it: a name that is the same for all sizes, and the choices."""
    steps = (0.25, 0.5, 2.0, 4.0)
    changes: list[Choices] = [{"pretrain_tokens": TOKENS * s, "batch_size": BATCH * s} for s in steps]
    changes += [{"batch_size": BATCH * s} for s in steps]
    changes += [{"weight_decay": v} for v in (0.01, 0.5)]
    changes += [{"learning_rate_factor": v} for v in (0.1, 10.0)]
    changes += [{"final_fraction": v} for v in FINAL if v != DEFAULT["final_fraction"]]
    named = [(",".join(f"{k}={v:g}" for k, v in change.items()), {**DEFAULT, **change}) for change in changes]
    return [("default", DEFAULT), *named]


def expected(choices: Mapping[str, float], parameters: float) -> tuple[float, float]:
    """Rank (percent) and loss (nats a token) that the choices make, before anything random."""
    size, batch = np.log2(parameters / PARAMETERS[0]), np.log2(choices["batch_size"] / BATCH)
    tokens, rate = np.log2(choices["pretrain_tokens"] / TOKENS), np.log10(choices["learning_rate_factor"])
    decay, final = np.log10(choices["weight_decay"] / 0.1), FINAL.index(choices["final_fraction"]) - 1
    rank = 40 + 4 * size + 3 * batch + 4 * decay + 3 * final - 2 * rate
    loss = 5 - 0.25 * size - 0.08 * tokens + 0.02 * batch**2 + 0.05 * final + 0.05 * rate**2
    return rank, loss


def suite(random: np.random.Generator, direct: float) -> pd.DataFrame:
    """One suite's table."""
    rows = []
    for name, choices in configurations():
        shared = {k: spread * random.normal() for k, spread in SHARED.items()}
        for parameters in PARAMETERS:
            for seed in SEEDS if name == "default" else SEEDS[:1]:
                rank, loss = expected(choices, parameters)
                own = shared["rank"] + OWN["rank"] * random.normal()
                rows.append(
                    {
                        "model": f"{parameters / 1e6:g}m/{name}/seed={seed}", "configuration": name,
                        "size": f"{parameters / 1e6:g}m", "parameters": parameters,
                        "flops": 6 * parameters * choices["pretrain_tokens"], **choices, "pretrain_seed": seed,
                        RANK: rank + own,
                        TARGET: loss + direct * own + shared["loss"] + OWN["loss"] * random.normal(),
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


def analysed(table: pd.DataFrame, seed: int) -> dict[str, Any]:
    """What the analysis says of it, but for boosted trees, which take most of the time."""
    spec = AnalyzeSpec(target=TARGET, measures=[RANK], controls=CONTROLS, seed=seed)
    wanted = ("correlations", "partial", "incremental", "reflects", "choices", "mixed")
    parts = {name: part for name, part in analysis.PARTS.items() if name in wanted}
    with patch.dict(analysis.PARTS, parts, clear=True), patch.object(trees, "MOST_MEASURES", 0):
        return analysis.analyze(table, spec)


def simulate(scenario: str, seed: int) -> dict[str, float]:
    """One suite's estimates, and 1 or 0 for each interval that says what was planted or not."""
    facts = analysed(suite(np.random.default_rng([seed, 3]), DIRECT[scenario]), seed)
    raw, partial, gain = (facts[part][0] for part in ("correlations", "partial", "incremental"))
    found = {
        "raw Spearman": raw["spearman"],
        "partial Spearman": partial["spearman"],
        "its interval holds 0": _holds(partial["ci"]),
        "ΔR², least squares": gain["delta_r2"],
        "its interval holds 0 ": _holds(gain["ci"]),
        "mixed slope": facts["mixed"][0]["slope"],
        "its interval holds 0  ": _holds(facts["mixed"][0]["ci"]),
    }
    of_rank = next(e for e in facts["reflects"] if not e.get("target"))
    effects = {c["choice"]: c for c in of_rank["choices"]}
    for choice in ("batch_size", "weight_decay", "final_fraction"):
        found[f"{choice} raises rank, clear of 0"] = float(effects[choice]["effect_ci"][0] > 0)
    courses = {(e["measure"], e["choice"]): e["shape"] for e in facts["choices"]}
    found["loss is a U in batch"] = float(courses[TARGET, "batch_size"] == "U")
    found["rank rises in batch"] = float(courses[RANK, "batch_size"] == "rises")
    return found


def _holds(interval: list[float]) -> float:
    return float(interval[0] <= 0.0 <= interval[1])


def run(scenario: str, simulations: int) -> dict[str, float]:
    """The mean of every figure over the tables of a scenario."""
    found = defaultdict(list)
    for seed in range(simulations):
        for name, value in simulate(scenario, seed).items():
            found[name].append(value)
    return {name: float(np.mean(values)) for name, values in found.items()}


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--simulations", type=int, default=20)
    asked = options.parse_args()
    result = {scenario: run(scenario, asked.simulations) for scenario in DIRECT}
    print("| figure | no effect of rank | an effect |\n|---|---|---|")
    for name in result["none"]:
        print(f"| {name.strip()} | {result['none'][name]:.3f} | {result['direct'][name]:.3f} |")
    print(json.dumps({"benchmark": "simulated_suite", "simulations": asked.simulations, **result}))


if __name__ == "__main__":
    main()
