"""The first study's 19 measures: ours beside the straightforward way (`plain.py`), in time and in memory.

    python benchmarks/first_paper.py [--rows 110000] [--width 512] [--threads 2]

Each side runs in a process of its own, on the same cloud, with the same threads; imports and compilation are not
counted. Ours measures under the protocol `marbut2024` with our own additive search (`backend=numba`). Memory is the
most each process held above what it held when the imports were done, the cloud included.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

import numpy as np

BOTH = "patchiness_released error error_iqr error_skew centroid_var count_var count_kl cell_eee".split()
NAMES = [f"{quantizer}_{name}" for quantizer in ("pq", "lsq") for name in BOTH] + ["eee", "isoscore", "vrm"]


def cloud(n: int, d: int) -> np.ndarray:
    """(n, d) float32 points of 400 uneven clusters with decaying widths, much as token vectors lie."""
    rng = np.random.default_rng(0)
    scale = np.geomspace(3.0, 0.3, d).astype(np.float32)
    centres = rng.standard_normal((400, d), dtype=np.float32) * scale
    share = rng.dirichlet(np.full(400, 0.3))
    points = rng.standard_normal((n, d), dtype=np.float32)
    points *= 0.5 * scale
    for start in range(0, n, 10_000):
        points[start : start + 10_000] += centres[rng.choice(400, size=len(points[start : start + 10_000]), p=share)]
    return points


def peak_bytes() -> int:
    """The most this process ever held in memory."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024


def plainly(X_of, threads: int) -> dict:
    """The yardstick."""
    import faiss
    from plain import Seconds, measure

    faiss.omp_set_num_threads(threads)
    measure(cloud(1_000, 16), Seconds())
    before, X, seconds = peak_bytes(), X_of(), Seconds()
    start = time.perf_counter()
    values = measure(X, seconds)
    return report(values, seconds, time.perf_counter() - start, peak_bytes() - before)


def ours(X_of, threads: int) -> dict:
    """The same by lmgeo: all at once, and apart for the table of steps."""
    from lmgeo.measures.compute import measure_cloud
    from lmgeo.measures.protocols import protocol

    settings = protocol("marbut2024").model_copy(update={"backend": "numba", "threads": threads})
    measure_cloud(cloud(1_000, 16), NAMES, settings, 0)
    training = timed("train")
    before, X = peak_bytes(), X_of()
    start = time.perf_counter()
    found = measure_cloud(X, NAMES, settings, 0)
    total = time.perf_counter() - start
    seconds = {"lsq train": training[0]}
    return report({name: found[name].value for name in NAMES}, seconds, total, peak_bytes() - before)


def timed(name: str) -> list[float]:
    """Wrap a function of the compiled search so that its seconds are kept."""
    from lmgeo.numerics.quantizers import local_search_numba as home

    inner, spent = getattr(home, name), [0.0]

    def outer(*args):
        start = time.perf_counter()
        result = inner(*args)
        spent[0] = time.perf_counter() - start
        return result

    setattr(home, name, outer)
    return spent


def report(values: dict, seconds: dict, total: float, memory: int) -> dict:
    """One side's figures."""
    return {"values": values, "seconds": seconds, "total": total, "memory": memory}


def in_a_process(side: str, options: argparse.Namespace) -> dict:
    """Run one side alone."""
    command = [sys.executable, __file__, "--side", side]
    command += [f"--{name}={getattr(options, name)}" for name in ("rows", "width", "threads")]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("rows", 110_000), ("width", 512), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    parser.add_argument("--side", choices=["plain", "ours"], help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.side:
        from lmgeo.core.environment import set_threads

        set_threads(options.threads)
        side = plainly if options.side == "plain" else ours
        print(json.dumps(side(lambda: cloud(options.rows, options.width), options.threads)))
        return
    sides = {side: in_a_process(side, options) for side in ("ours", "plain")}
    show(sides, options.rows * options.width * 4)


def show(sides: dict[str, dict], size: int) -> None:
    """Both sides' seconds, ratios and values."""
    for side, found in sides.items():
        steps = ", ".join(f"{name} {s:.1f}" for name, s in found["seconds"].items())
        print(f"{side:6} {found['total']:7.1f} s, peak {found['memory'] / size:.2f} × the cloud   ({steps})")
    rest = {side: found["total"] - found["seconds"]["lsq train"] for side, found in sides.items()}
    print(f"all measures             {sides['plain']['total'] / sides['ours']['total']:.2f} × faster")
    ratio = rest["plain"] / rest["ours"]
    print(f"without training of lsq  {ratio:.2f} × faster ({rest['plain']:.1f} s, {rest['ours']:.1f} s)")
    print(f"{'measure':26}{'plain':>12}{'ours':>12}")
    for name in NAMES:
        print(f"{name:26}{sides['plain']['values'][name]:12.6f}{sides['ours']['values'][name]:12.6f}")


if __name__ == "__main__":
    main()
