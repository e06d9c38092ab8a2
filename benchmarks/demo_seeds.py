"""The demo's recipe under fresh seeds: does its finding hold, or was it one lucky draw?

    python benchmarks/demo_seeds.py runs/demo-seeds 11 12 13 14 15

For each seed: tasks on which the unperturbed model's lower 95 % bound beats chance, whether its scores at
α = 100 lie below those bounds, Spearman of α with the mean score, and seconds from start to end of the run.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from scipy.stats import spearmanr

from lmgeo.api.studies import read_store_table
from lmgeo.store.store import Store


def run(store: Path, seed: int) -> float:
    """Run the demo's study with every seed replaced; seconds of wall time."""
    settings = [
        f"models.0.pretrain.seed={seed}",
        f"perturb.0.noise.seed=[{seed}, {seed + 100}]",
        f"represent.seed={seed}",
        f"evaluate.seeds=[{seed}]",
    ]
    command = [sys.executable, "-m", "lmgeo", "run", "quickstart", "--offline", "--store", str(store)]
    began = time.perf_counter()
    subprocess.run([*command, *(a for s in settings for a in ("--set", s))], check=True)
    return time.perf_counter() - began


def judge(store: Path) -> dict[str, object]:
    """What the run says about the recipe."""
    base = [r for r in Store(store).documents("records/evaluate") if r["spec"]["perturbation"] is None]
    scores = {r["spec"]["task"]: next(iter(r["results"].values()))["score"] for r in base}
    table = read_store_table(store)
    last = table[table["alpha"] == 100]
    beaten = [task for task, s in scores.items() if s["interval"][0] > s["chance"]]
    below = [task for task in beaten if last[f"score.{task}"].max() < scores[task]["interval"][0]]
    return {
        "bounds": {task: [round(s["score"], 3), round(s["interval"][0], 3), s["chance"]] for task, s in scores.items()},
        "beats_chance": beaten,
        "alpha_100_below": below,
        "spearman": round(float(spearmanr(table["alpha"], table["score.average"]).statistic), 3),
        "patchiness": round(float(table["final.lsq_patchiness"].corr(table["score.average"])), 3),
    }


def main(folder: str, *seeds: str) -> None:
    """Run each seed, print a line of JSON for it, and count how many hold."""
    held = 0
    for seed in map(int, seeds):
        store = Path(folder) / str(seed)
        seconds = run(store, seed)
        found = judge(store)
        holds = len(found["beats_chance"]) >= 2 and found["alpha_100_below"] == found["beats_chance"]
        holds = holds and found["spearman"] <= -0.7
        held += holds
        print(json.dumps({"seed": seed, "holds": bool(holds), "seconds": round(seconds), **found}), flush=True)
    print(f"{held} of {len(seeds)} hold")


if __name__ == "__main__":
    main(*sys.argv[1:])
