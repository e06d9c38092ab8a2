"""How long a user waits before anything happens: help, import, and a finished study issued again.

    python benchmarks/startup.py runs/quickstart      # the store of a finished run of `quickstart`

Median of five whole processes each, beside the interpreter's own start.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 5


def median_seconds(*arguments: str) -> float:
    """Median wall time of a Python process with these arguments."""
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        subprocess.run([sys.executable, *arguments], check=True, capture_output=True)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


def main(store: str) -> None:
    """Print one line a command."""
    commands = {
        "python -c pass": ["-c", "pass"],
        "import lmgeo": ["-c", "import lmgeo"],
        "lmgeo --help": ["-m", "lmgeo", "--help"],
        "lmgeo run quickstart, finished": ["-m", "lmgeo", "run", "quickstart", "--offline", "--store", store],
        "lmgeo status": ["-m", "lmgeo", "status", store],
    }
    for name, arguments in commands.items():
        print(f"{name:<32} {median_seconds(*arguments):6.3f} s")


if __name__ == "__main__":
    main(sys.argv[1])
