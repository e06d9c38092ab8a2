"""Weight matrices beside WeightWatcher's `analyze`, and Gram spectra beside torch's singular values.

    python benchmarks/weights.py [--repeats 3] [--threads 2] [--only model|large]

model: every matrix of a BERT-small-shaped encoder (4 layers, width 512, 30,522 tokens) whose spectra have
tails as training leaves them. Ours reads the checkpoint and gives all that `--matrices all` gives (with what
WeightWatcher gives too: exponents, norms, ranks); theirs works on the loaded model. Both in this process,
imports aside, taking turns; the best of the repeats counts. Exponents agree where they differ by no more than
our standard error.
large: a 50,304×2,048 float32 matrix in a file, its Gram-served measures beside `torch.linalg.svdvals`: time,
greatest relative difference of the measures, and peak memory over the matrix's size, each in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import logging
import math
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from lmgeo.core.environment import set_threads
from lmgeo.core.safetensors import read_header, to_bytes

SHAPE = (50_304, 2_048)
SERVED = ["effective_rank", "effective_rank_cov", "effective_rank_pct", "singular_entropy", "spectral_norm"]
SERVED += ["frobenius_norm", "participation_ratio", "stable_rank"]


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def best_in_turns(ways: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """The least time of each, all taking turns."""
    best = dict.fromkeys(ways, math.inf)
    for _ in range(repeats):
        for name, work in ways.items():
            best[name] = min(best[name], seconds(work))
    return best


def heavy_tailed(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    """A random bulk with a power law of singular values laid over it."""
    r = min(n, d)
    values = np.sqrt(np.sort(rng.pareto(1.4, r) + 1))[::-1]
    left, right = rng.normal(size=(n, r)) / math.sqrt(n), rng.normal(size=(r, d)) / math.sqrt(d)
    return (left * values @ right + 0.3 * rng.normal(size=(n, d)) / math.sqrt(max(n, d))).astype(np.float32)


def bert_small() -> Any:
    """A BERT-small-shaped encoder with its head, its matrices heavy-tailed."""
    import torch
    from transformers import BertConfig, BertForMaskedLM

    config = BertConfig(
        vocab_size=30_522,
        hidden_size=512,
        num_hidden_layers=4,
        num_attention_heads=8,
        intermediate_size=2_048,
    )
    model, rng = BertForMaskedLM(config), np.random.default_rng(0)
    for parameter in model.parameters():
        if parameter.ndim == 2 and min(parameter.shape) > 2:
            parameter.data = torch.from_numpy(heavy_tailed(rng, *parameter.shape))
    model.tie_weights()
    return model.eval()


def model_benchmark(repeats: int) -> dict[str, Any]:
    """Every matrix of a model, ours and theirs."""
    import weightwatcher

    from lmgeo.api.weighing import weights

    logging.disable(logging.CRITICAL)
    model, found = bert_small(), {}
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)

        def ours(name: str, measures: list[str]) -> None:
            found[name] = weights(folder, "all", measures)

        def theirs() -> None:
            found["WeightWatcher"] = weightwatcher.WeightWatcher(model=model).analyze()

        alike = "alpha* log_alpha_norm spectral_norm frobenius_norm stable_rank matrix_entropy numerical_rank".split()
        ways = {
            "ours, every measure": lambda: ours("every", ["*"]),
            "ours, what both give": lambda: ours("alike", alike),
            "WeightWatcher": theirs,
        }
        best = best_in_turns(ways, repeats)
    agree = _agreement(found["every"]["objects"], found["WeightWatcher"])
    base = best["WeightWatcher"]
    return {
        "seconds": {name: round(value, 3) for name, value in best.items()},
        "ratio": {name: round(base / value, 2) for name, value in best.items()},
        "matrices": {"ours": len(found["every"]["objects"]), "WeightWatcher": len(found["WeightWatcher"])},
        "alpha_compared": len(agree),
        "alpha_agree": round(float(np.mean(agree)), 3) if agree else None,
    }


def _agreement(objects: dict[str, Any], table: Any) -> list[bool]:
    """Whether α is within our standard error of theirs, for every matrix that both have a fit of."""
    theirs = {row["longname"]: row["alpha"] for row in table.to_dict("records")}
    agree = []
    for one in objects.values():
        alpha, layer = one["measures"]["alpha"], one["parameter"].removesuffix(".weight")
        if alpha["value"] is not None and layer in theirs:
            agree.append(abs(alpha["value"] - theirs[layer]) <= alpha["details"]["sigma"])
    return agree


def large_benchmark(repeats: int, threads: int) -> dict[str, Any]:
    """A large unembedding in a file, each way in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "w.safetensors"
        W = heavy_tailed(np.random.default_rng(1), *SHAPE)
        file.write_bytes(to_bytes({"w": W}, {}))
        size = W.nbytes
        del W
        runs: dict[str, list[dict[str, Any]]] = {"gram": [], "svdvals": []}
        for _ in range(repeats):
            for way, found in runs.items():
                call = [sys.executable, __file__, "--way", way, "--file", str(file), "--threads", str(threads)]
                found.append(json.loads(subprocess.run(call, capture_output=True, text=True, check=True).stdout))
    best = {way: min(run["seconds"] for run in found) for way, found in runs.items()}
    ours, exact = runs["gram"][0]["values"], runs["svdvals"][0]["values"]
    return {
        "shape": SHAPE,
        "seconds": {way: round(value, 2) for way, value in best.items()},
        "ratio": round(best["svdvals"] / best["gram"], 2),
        "worst_relative_difference": max(abs(ours[name] / exact[name] - 1) for name in SERVED),
        "peak_memory_over_matrix": round(max(run["peak"] for run in runs["gram"]) / size, 3),
        "peak_memory_of_svdvals_over_matrix": round(max(run["peak"] for run in runs["svdvals"]) / size, 3),
    }


def one_way(way: str, file: Path) -> dict[str, Any]:
    """Time, peak memory above what the imports take, and values, of one way."""
    import torch

    from lmgeo.measures.matrices import measure_tensor

    tensor = read_header(file)[0]["w"]
    values: dict[str, float] = {}

    def gram() -> None:
        values.update({name: float(m.value or 0) for name, m in measure_tensor(tensor, SERVED).items()})

    def svdvals() -> None:
        values.update(of_values(torch.linalg.svdvals(torch.from_numpy(tensor.read())).double().numpy()))

    np.linalg.eigvalsh(np.eye(8))
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak(anew=True)
    took = seconds({"gram": gram, "svdvals": svdvals}[way])
    return {"seconds": took, "peak": _peak() - before, "values": values}


def of_values(values: np.ndarray) -> dict[str, float]:
    """The same measures from singular values, written out."""
    p, q = values / values.sum(), values**2 / (values**2).sum()
    entropy = -float((p * np.log(p)).sum())
    r = len(values)
    return {
        "effective_rank": math.exp(entropy),
        "effective_rank_cov": math.exp(-float((q * np.log(q)).sum())),
        "effective_rank_pct": 100 * math.exp(entropy) / r,
        "singular_entropy": math.log(r) - entropy,
        "spectral_norm": float(values[0]),
        "frobenius_norm": float(np.linalg.norm(values)),
        "participation_ratio": 1 / float((q**2).sum()),
        "stable_rank": 1 / float(q[0]),
    }


def _peak(anew: bool = False) -> int:
    """Greatest resident memory in bytes, so far or from now on; a new process inherits its parent's otherwise."""
    status = Path("/proc/self/status")
    if not status.is_file():  # not Linux
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if anew:
        Path("/proc/self/clear_refs").write_text("5")
    line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return 1024 * int(line.split()[1])


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--only", choices=["model", "large"])
    options.add_argument("--way", help=argparse.SUPPRESS)
    options.add_argument("--file", type=Path, help=argparse.SUPPRESS)
    asked = options.parse_args()
    set_threads(asked.threads)
    warnings.simplefilter("ignore")
    if asked.way:
        print(json.dumps(one_way(asked.way, asked.file)))
        return
    result: dict[str, Any] = {"benchmark": "weights", "threads": asked.threads}
    if asked.only != "large":
        result["model"] = model_benchmark(asked.repeats)
    if asked.only != "model":
        result["large"] = large_benchmark(asked.repeats, asked.threads)
    print(json.dumps(result, indent=1))


if __name__ == "__main__":
    main()
