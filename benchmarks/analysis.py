"""The whole analysis and the page of a large table: seconds, and megabytes of the page.

    python benchmarks/analysis.py [--rows 10000] [--measures 60] [--threads 2]

The table is simulated: models of five sizes and four families, three seeds of each configuration, a measure that
reflects size, one that reflects a training choice, and noise. Every part runs: controls, families, a hold-out table.
The commands run as users run them, so imports count.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

CONTROLS = "width,weight_decay,batch_size"


def table(rows: int, measures: int, seed: int = 0) -> pd.DataFrame:
    """One row a model: choices, measures of which some follow the choices, and a score that follows the choices."""
    rng = np.random.default_rng(seed)
    configurations = -(-rows // 3)
    width = rng.choice([64, 128, 256, 512, 1024], configurations)
    decay = rng.choice([0.01, 0.1, 0.5], configurations)
    batch = rng.choice([32, 64, 128, 256, 512], configurations)
    family = rng.choice(["bert", "gpt", "llama", "neox"], configurations)
    frame = pd.DataFrame({"width": width, "weight_decay": decay, "batch_size": batch, "family": family})
    frame = frame.loc[frame.index.repeat(3)].reset_index(drop=True).head(rows)
    frame.insert(0, "model", [f"model-{i}" for i in range(rows)])
    frame["pretrain_seed"] = np.arange(rows) % 3
    size = np.log2(frame["width"]).to_numpy()
    for i in range(measures):
        share = (i % 5) / 5
        signal = share * (size - size.mean()) + (1 - share) * 0.3 * (i % 2) * np.log(frame["weight_decay"])
        frame[f"final.measure_{i:02d}"] = signal + rng.normal(size=rows)
    frame["score.average"] = 0.1 * size + 0.02 * np.log(frame["batch_size"]) + 0.1 * rng.normal(size=rows)
    return frame


def timed(command: list[str], threads: int) -> tuple[float, str]:
    """Seconds of one command, and what it printed."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS")
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "lmgeo", *command],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, **dict.fromkeys(names, str(threads))},
    )
    return time.perf_counter() - start, done.stdout


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("rows", 10_000), ("measures", 60), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, other, page = (str(Path(folder) / name) for name in ("table.csv", "other.csv", "page.html"))
        table(options.rows, options.measures).to_csv(source, index=False)
        table(300, options.measures, seed=1).to_csv(other, index=False)
        asked = ["--controls", CONTROLS, "--by", "family"]
        seconds, printed = timed(["analyze", source, *asked, "--holdout", other, "--json"], options.threads)
        print(f"analyze {options.rows} x {options.measures}: {seconds:.1f} s, {len(printed) / 1e6:.1f} MB of JSON")
        print("parts:", ", ".join(key for key, value in json.loads(printed).items() if value))
        seconds, _ = timed(["report", source, *asked, "--out", page], options.threads)
        print(f"report with its own analysis: {seconds:.1f} s, page {Path(page).stat().st_size / 1e6:.2f} MB")


if __name__ == "__main__":
    main()
