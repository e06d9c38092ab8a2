"""The two backends of the additive quantizer side by side: time, error and patchiness.

    python benchmarks/lsq_backends.py [--rows 60000] [--width 128] [--iterations 25] [--threads 2]
    python benchmarks/lsq_backends.py --rows 110000 --width 768 --other torch --device cuda

Both quantize the same cloud of uneven clusters in one run, alternating, under the default protocol
but for what the options set. Times are wall times of training and encoding together.
"""

from __future__ import annotations

import argparse
import time

import numpy as np

from lmgeo.measures.protocols import protocol
from lmgeo.numerics import cells
from lmgeo.numerics.quantizers.local_search import local_search_quantization
from lmgeo.numerics.quantizers.rows import QuantizerRows


def clusters(n: int, d: int) -> np.ndarray:
    """(n, d) points of 400 uneven clusters with decaying widths, much as token vectors lie."""
    rng = np.random.default_rng(0)
    scale = np.geomspace(3.0, 0.3, d)
    centres = rng.normal(size=(400, d)) * scale
    share = rng.dirichlet(np.full(400, 0.3))
    return centres[rng.choice(400, size=n, p=share)] + 0.5 * scale * rng.normal(size=(n, d))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("rows", 60_000), ("width", 128), ("iterations", 25), ("threads", 2), ("repeats", 1)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--other", choices=("numba", "torch"), default="numba", help="beside FAISS, on the CPU")
    parser.add_argument("--device", default="cpu", help="of the torch backend")
    options = parser.parse_args()
    base = protocol("default").model_copy(
        update={"lsq_iterations": options.iterations, "threads": options.threads, "lsq_train_rows": None}
    )
    backends = {name: base.model_copy(update={"backend": name}) for name in ("faiss", options.other)}
    rows = QuantizerRows.of(clusters(options.rows, options.width), base, 0, options.device)
    for setting in backends.values():  # compile, and load what is loaded once
        warm = QuantizerRows(rows.values[:300], options.device)
        local_search_quantization(warm, setting.model_copy(update={"lsq_iterations": 1}), 1)
    print(f"{options.rows} rows x {options.width}, {options.iterations} iterations, {options.threads} threads")
    seconds: dict[str, list[float]] = {name: [] for name in backends}
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in backends}
    for seed in range(1, options.repeats + 1):
        for name, setting in backends.items():
            start = time.perf_counter()
            q = local_search_quantization(rows, setting, seed)
            seconds[name].append(time.perf_counter() - start)
            error, patchiness = (q.errors**2).sum() / rows.sum_of_squares, cells.patchiness(q.counts)
            found[name].append((error, patchiness))
            print(
                f"{name}  seed {seed}  {seconds[name][-1]:7.2f} s  error {error:.5f}  patchiness {patchiness:.4f}",
                flush=True,
            )
    print(f"ratio faiss/{options.other}  {sum(seconds['faiss']) / sum(seconds[options.other]):.2f}")
    for name, values in found.items() if options.repeats > 1 else ():
        means, errors = np.mean(values, axis=0), np.std(values, axis=0, ddof=1) / np.sqrt(options.repeats)
        print(f"{name}  mean error {means[0]:.5f} ± {errors[0]:.5f}  mean patchiness {means[1]:.4f} ± {errors[1]:.4f}")


if __name__ == "__main__":
    main()
