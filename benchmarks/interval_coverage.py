"""How often the 95 % intervals of the associations hold the truth, on tables made with a known one.

    python benchmarks/interval_coverage.py [--simulations 1000] [--seed 0] [--only TEXT]

Prints one Markdown row a setting: the percentage of tables whose interval holds the population's value,
and the intervals' mean width; for the p by permutation, the percentage of tables without any effect in
which it is at most 0.05. The truth follows from formulas for normal columns: Spearman is 6/π·arcsin(r/2),
Kendall 2/π·arcsin(r), and a partial rank correlation is what regression leaves of the former.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd

from lmgeo.analysis.bootstrap import Ranked
from lmgeo.analysis.clusters import Clusters
from lmgeo.analysis.controls import read_controls
from lmgeo.analysis.correlation import correlations
from lmgeo.analysis.jackknife import interval, spread
from lmgeo.analysis.kendall import tau_b
from lmgeo.analysis.partial import partials
from lmgeo.analysis.permutation import dealing, permutation_p
from lmgeo.analysis.rank_influence import Left, rank_correlation
from lmgeo.analysis.within import RankedWithin
from lmgeo.core.seeds import numpy_stream

Random = np.random.Generator
Interval = list[float] | None
Setting = tuple[str, float, Callable[[Random], Interval]]  # what, the truth, one table's interval


def spearman_of(r: Any) -> Any:
    """Spearman's correlation of a normal pair."""
    return 6.0 / np.pi * np.arcsin(np.asarray(r) / 2.0)


def pair(random: Random, n: int, r: float) -> tuple[np.ndarray, np.ndarray]:
    """Two normal columns that correlate by r."""
    x = random.normal(size=n)
    return x, r * x + np.sqrt(1.0 - r * r) * random.normal(size=n)


def clustered(random: Random, sizes: np.ndarray, r: float, share: float) -> tuple[np.ndarray, np.ndarray, Clusters]:
    """The same where `share` of the variance belongs to whole clusters."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    common, own = pair(random, len(sizes), r), pair(random, len(labels), r)
    x, y = (np.sqrt(share) * a[labels] + np.sqrt(1.0 - share) * b for a, b in zip(common, own, strict=True))
    return x, y, Clusters("base", labels)


def raw(kind: str, x: np.ndarray, y: np.ndarray, clusters: Clusters) -> Interval:
    """One interval of a raw correlation."""
    if kind == "kendall":
        tau, influence = tau_b(x, y)
        return interval(tau, len(x), spread(tau, influence, clusters))
    if kind == "spearman":
        r, influence = rank_correlation(Left.raw(Ranked.of(x)), Left.raw(Ranked.of(y)))
        return interval(r, len(x), spread(r, influence, clusters))
    return correlations({"x": x}, y, 0, clusters)[0]["pearson_ci"]


TRUTH = {"pearson": lambda r: r, "spearman": spearman_of, "kendall": lambda r: 2.0 / np.pi * np.arcsin(r)}


def raw_settings() -> Iterator[Setting]:
    """Independent rows, far-out rows, then clusters of equal and of unlike size."""
    for n in (10, 25, 80):
        for r in (0.0, 0.5, 0.9):
            for kind, truth in TRUTH.items():
                yield (
                    f"{kind}, {n} rows, r = {r}", float(truth(r)),
                    lambda random, n=n, r=r, kind=kind: raw(kind, *pair(random, n, r), Clusters.rows(n)),
                )  # fmt: skip
    for n in (25, 80):
        for kind in TRUTH:

            def far(random: Random, n: int = n, kind: str = kind) -> Interval:
                return raw(kind, *np.exp(random.normal(size=(2, n))), Clusters.rows(n))

            yield f"{kind}, {n} rows, log-normal, independent", 0.0, far
    sizes: dict[str, Callable[[Random, int], np.ndarray]] = {
        "of 6 rows each": lambda random, count: np.full(count, 6),
        "of 1 to 11 rows each": lambda random, count: random.integers(1, 12, size=count),
        "of which one has 4 rows in 10": lambda random, count: np.array([4 * count, *[6] * (count - 1)]),
    }
    for count in (5, 10, 20, 30):
        for words, of in sizes.items():
            for kind, truth in TRUTH.items():

                def made(random: Random, count: int = count, of: Any = of, kind: str = kind) -> Interval:
                    return raw(kind, *clustered(random, of(random, count), 0.7, 0.8))

                yield f"{kind}, {count} clusters {words}, r = 0.7", float(truth(0.7)), made


LOADS = {"one control": [1.0], "two controls, of unlike weight": [1.0, 0.5], "two controls of equal weight": [1.0, 1.0]}


def partial_truth(loads: np.ndarray, effect: float) -> float:
    """The population's partial rank correlation in `confounded`."""
    k = len(loads)
    mix = np.zeros((k + 2, k + 2))  # rows: x, y, controls; columns: controls, own noise of x and y
    mix[0, :k], mix[0, k], mix[1, :k], mix[1, k], mix[1, k + 1] = loads, 1.0, loads * (1.0 + effect), effect, 1.0
    mix[2:, :k] = np.eye(k)
    covariance = mix @ mix.T
    scale = np.sqrt(np.diag(covariance))
    ranks = spearman_of(np.clip(covariance / np.outer(scale, scale), -1.0, 1.0))
    inverse = np.linalg.inv(ranks)
    return float(-inverse[0, 1] / np.sqrt(inverse[0, 0] * inverse[1, 1]))


def confounded(random: Random, n: int, loads: np.ndarray, effect: float) -> Interval:
    """The partial interval where controls move measure and target alike, and the measure the target by `effect`."""
    controls = random.normal(size=(n, len(loads)))
    x = controls @ loads + random.normal(size=n)
    y = controls @ loads + effect * x + random.normal(size=n)
    table = pd.DataFrame({f"c{i}": column for i, column in enumerate(controls.T)})
    return partials({"x": x}, y, read_controls(table, list(table.columns)))[0]["ci"]


def partial_settings() -> Iterator[Setting]:
    """The population's value; without an effect, zero too, which is what a reader looks for."""
    for n in (40, 80, 120):
        for words, loads in LOADS.items():
            for effect in (0.0, 0.5):
                true = partial_truth(np.array(loads), effect)

                def made(random: Random, n: int = n, loads: Any = loads, effect: float = effect) -> Interval:
                    return confounded(random, n, np.array(loads), effect)

                name = f"partial, {n} rows, {words}, effect {effect}"
                yield f"{name} (truth {true:.3f})", true, made
                if effect == 0.0:
                    yield f"{name}: holds 0", 0.0, made


def within(random: Random, groups: int, rows: int, r: float, whole: bool) -> Interval:
    """The interval within groups that differ widely in both columns."""
    labels = np.repeat(np.arange(groups), rows)
    columns = [c + 3.0 * random.normal(size=groups)[labels] for c in pair(random, len(labels), r)]
    value, influence = rank_correlation(*(Left.raw(RankedWithin.of(c, labels)) for c in columns))
    clusters = Clusters("base", labels) if whole else Clusters.rows(len(labels))
    return interval(value, len(labels), spread(value, influence, clusters))


def within_settings() -> Iterator[Setting]:
    """The truth is what groups of that many rows show on average (Moran 1948)."""
    for groups, rows in ((10, 3), (40, 3), (20, 5), (10, 10), (3, 30)):
        for r in (0.0, 0.6):
            true = (3.0 * TRUTH["kendall"](r) + (rows - 2) * spearman_of(r)) / (rows + 1)
            for whole in (False, True) if groups >= 10 else (False,):
                over = "groups" if whole else "rows"

                def made(random: Random, a: tuple[int, int, float, bool] = (groups, rows, r, whole)) -> Interval:
                    return within(random, *a)

                yield f"within {groups} groups of {rows} rows, over {over}, r = {r}", float(true), made


def permuted(random: Random, kind: str) -> float:
    """A p by permutation without any effect."""
    zeros = np.zeros(60, dtype=np.int64)
    if kind == "60 rows":
        return permutation_p(
            [random.normal(size=60)], random.normal(size=60), dealing(zeros, Clusters.rows(60), zeros), 0
        )[0]
    x, y, clusters = clustered(random, np.full(20, 3), 0.0, 0.8)
    if kind == "rows of 20 clusters, wrongly alone":
        clusters = Clusters.rows(60)
    groups = np.repeat([0, 1], 30) if kind.endswith("within 2 unlike groups") else zeros
    deal = dealing(groups, clusters, np.arange(60))
    return permutation_p([x + 3.0 * groups], y + 3.0 * groups, deal, 0)[0]


DEALT = ("60 rows", "20 clusters", "20 clusters, within 2 unlike groups", "rows of 20 clusters, wrongly alone")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--simulations", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="settings whose words hold this text")
    options = parser.parse_args()
    print("| setting | holds the truth, % | mean width |\n|---|---|---|")
    for words, true, made in (*raw_settings(), *partial_settings(), *within_settings()):
        if options.only in words:
            random = numpy_stream(options.seed, "coverage", words.split(" (truth")[0].removesuffix(": holds 0"))
            found = np.array([made(random) for _ in range(options.simulations)])
            held = 100.0 * np.mean((found[:, 0] <= true) & (true <= found[:, 1]))
            print(f"| {words} | {held:.1f} | {np.mean(found[:, 1] - found[:, 0]):.2f} |", flush=True)
    for kind in DEALT:
        if options.only in f"permutation, {kind}":
            random = numpy_stream(options.seed, "coverage", kind)
            low = [permuted(random, kind) <= 0.05 for _ in range(options.simulations)]
            print(f"| permutation, {kind}: p ≤ 0.05 | {100.0 * np.mean(low):.1f} | |", flush=True)


if __name__ == "__main__":
    main()
