"""A suite's results beside those that Kulkarni et al. 2026 (arXiv 2602.20433) report, as Markdown.

    python benchmarks/beside_kulkarni.py TABLE.csv [--controls parameters,flops,pretrain_tokens,…]

The first table: for every loss and geometry measure of the suite's table (`lmgeo table STORE --csv TABLE.csv`) the raw
and the partial Spearman correlation and the cross-validated gain, configurations held out whole, beside the
paper's figures where it gives one. The second: what batch, weight decay and annealing do to rank and loss,
over all sizes; the third: the same within each size. Everything comes from `lmgeo.analyze`.
"""

from __future__ import annotations

import argparse
from typing import Any
from unittest.mock import patch

import numpy as np
import pandas as pd

import lmgeo
from lmgeo.analysis.incremental import trees
from lmgeo.core.spec.sizes import SIZES

CHOICES = ("batch_size", "weight_decay", "learning_rate_factor", "final_fraction")
CONTROLS = ("parameters", "flops", "pretrain_tokens", *CHOICES)
PLAIN = ("parameters", "flops", "pretrain_tokens")  # the paper's baseline of the gain: size, compute, tokens
LOSSES = {
    "loss": "in-domain", "loss.code": "code", "loss.ptb": "other text", "loss.gptq4": "after GPTQ, 4 bits",
    "loss.gptq3": "after GPTQ, 3 bits", "loss.finetuned": "fine-tuned", "forgetting": "forgetting",
}  # fmt: skip
GEOMETRY = {
    "R(W)": ("unembedding.effective_rank_pct",),
    "log I(W)": ("unembedding.log_isotropy",),
    "cosine(W)": ("unembedding.mean_cosine",),
    "R(H)": ("final.last.effective_rank_pct", "final.effective_rank_pct"),
    "log I(H)": ("final.last.log_isotropy", "final.log_isotropy"),
    "cosine(H)": ("final.last.mean_cosine", "final.mean_cosine"),
}
# raw ρ, partial ρ, ΔR² as the paper gives them
PUBLISHED = {
    ("R(W)", "loss"): ("−0.70", "−0.13 (n.s.)", "−0.003"),
    ("R(W)", "loss.code"): ("−0.67", "−0.13", ""),
    ("R(W)", "loss.gptq4"): ("", "−0.21/−0.22", ""),
    ("R(H)", "loss.finetuned"): ("", "", "0.03–0.07"),
}
EFFECTS = {
    "batch_size": "large batches keep rank high; loss is a U in batch",
    "weight_decay": "strong decay keeps rank high; its effect on loss changes sign with size",
    "final_fraction": "weaker annealing keeps rank, worsens loss",
}


def with_derived(table: pd.DataFrame) -> pd.DataFrame:
    """The table with R(H) in percent of the width, as R(W) is, and isotropies by logarithm: they span many decades."""
    found = table.copy()
    for column in [c for c in table.columns if c.endswith(".partition_isotropy")]:
        found[column.replace("partition_isotropy", "log_isotropy")] = np.log10(table[column].where(table[column] > 0))
    widths = table["size"].map(lambda name: SIZES[str(name)].width) if "size" in table else table.get("width")
    for column in [c for c in table.columns if c.startswith("final.") and c.endswith(".effective_rank")]:
        if widths is not None:
            found[f"{column}_pct"] = 100.0 * table[column] / widths
    return found


def analysed(table: pd.DataFrame, target: str, measures: list[str], controls: list[str]) -> dict[str, Any]:
    """The analysis without boosted trees, which take most of the time and stand in no table here."""
    with patch.object(trees, "MOST_MEASURES", 0):
        return lmgeo.analyze(table, target=target, measures=measures, controls=controls)


def relations(table: pd.DataFrame, named: dict[str, str], losses: list[str], controls: list[str]) -> list[str]:
    """A line for each loss and measure."""
    plain = [c for c in PLAIN if c in controls]
    lines = []
    for loss in losses:
        full = analysed(table, f"score.{loss}", list(named.values()), controls)
        base = analysed(table, f"score.{loss}", list(named.values()), plain) if plain else full
        by = {part: {e["measure"]: e for e in full[part]} for part in ("correlations", "partial", "incremental")}
        of_plain = {e["measure"]: e for e in base["incremental"]}
        for name, column in named.items():
            raw, partial, gain = (found[column] for found in by.values())
            small = of_plain[column]
            cells = [
                f"{name}–{LOSSES.get(loss, loss)}", str(raw["n"]),
                estimate(raw["spearman"], raw["spearman_ci"]), estimate(partial["spearman"], partial["ci"]),
                estimate(small["delta_r2"], small["ci"], 3), estimate(gain["delta_r2"], gain["ci"], 3),
                *PUBLISHED.get((name, loss), ("", "", "")),
            ]  # fmt: skip
            lines.append(row(cells))
    head = ["relation", "runs", "raw ρ", "partial ρ", "ΔR² over size, compute, tokens", "ΔR² over all choices"]
    return [*heading([*head, "paper: raw", "paper: partial", "paper: ΔR²"]), *lines]


def effects(facts: dict[str, Any], rank: str) -> list[str]:
    """A line for each choice: its effect on rank and loss, and the course of both over its values."""
    of = {bool(e.get("target")): e for e in facts["reflects"] if e.get("target") or e["measure"] == rank}
    lines = []
    for choice, said in EFFECTS.items():
        cells = [choice]
        for target in (False, True):
            found = next((c for c in of[target]["choices"] if c["choice"] == choice), None)
            course = next(
                (e for e in facts["choices"] if e["choice"] == choice and bool(e.get("target")) is target
                 and (target or e["measure"] == rank)), None,
            )  # fmt: skip
            cells += [estimate(found["effect"], found["effect_ci"]) if found else "–", shape(course)]
        lines.append(row([*cells, said]))
    return [*heading(["choice", "on rank", "course", "on loss", "course", "paper"]), *lines]


def by_size(table: pd.DataFrame, rank: str, loss: str) -> list[str]:
    """Spearman's correlation of each choice with rank and loss in one size, among runs that differ in it alone."""
    size = next(c for c in ("size", "parameters", "width") if c in table.columns)
    lines = []
    for level, rows in table.groupby(size, sort=False):
        cells = [str(level)]
        for choice in (c for c in EFFECTS if c in rows.columns):
            alone = rows[(rows["configuration"] == "default") | rows["configuration"].str.fullmatch(rf"{choice}=[^,]*")]
            cells += [number(spearman(alone[choice], alone[c]), 2) for c in (rank, loss)]
        lines.append(row(cells))
    known = [c for c in EFFECTS if c in table.columns]
    return [*heading([size, *(f"{c}, {what}" for c in known for what in ("rank", "loss"))]), *lines]


def spearman(a: pd.Series, b: pd.Series) -> float | None:
    """Over the rows that have both; None where one of the two does not vary."""
    both = a.notna() & b.notna()
    if a[both].nunique() < 2 or b[both].nunique() < 2:
        return None
    return float(a[both].corr(b[both], method="spearman"))


def shape(course: dict[str, Any] | None) -> str:
    """`U, lowest at 16`, or the values with their differences from the default."""
    if course is None:
        return "–"
    levels = "; ".join(f"{e['level']}: {number(e['difference'], 3)}" for e in course["levels"])
    turn = f" at {course['turn']:g}" if course["turn"] is not None else ""
    return f"{course['shape'] or 'not told'}{turn} ({levels})"


def estimate(value: float | None, bounds: list[float] | None, digits: int = 2) -> str:
    """A figure with its interval."""
    if value is None:
        return "–"
    return number(value, digits) + (f" [{number(bounds[0], digits)}, {number(bounds[1], digits)}]" if bounds else "")


def number(value: float | None, digits: int) -> str:
    """A figure with a minus sign that is one."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def heading(cells: list[str]) -> list[str]:
    """A table's first two lines."""
    return [row(cells), "|" + "---|" * len(cells)]


def row(cells: list[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("table")
    options.add_argument("--controls", default=",".join(CONTROLS))
    asked = options.parse_args()
    table = with_derived(pd.read_csv(asked.table))
    controls = [c for c in asked.controls.split(",") if c in table.columns]
    named = {n: next(c for c in cs if c in table.columns) for n, cs in GEOMETRY.items() if set(cs) & set(table.columns)}
    losses = [
        c.removeprefix("score.") for c in table.columns
        if c.startswith(("score.loss", "score.forgetting")) and not c.endswith(".spread")
    ]  # fmt: skip
    print("\n".join(relations(table, named, losses, controls)), end="\n\n")
    rank = named.get("R(W)") or next(iter(named.values()))
    facts = analysed(table, "score.loss", [rank], controls)
    print("\n".join(effects(facts, rank)), end="\n\n")
    kept = table[~table["diverged"].astype(str).str.lower().eq("true")] if "diverged" in table.columns else table
    print("\n".join(by_size(kept, rank, "score.loss")))
    for said in [*(f"{d['rows']} rows left out: {d['reason']}" for d in facts["dropped"]), *facts["notes"]]:
        print(f"\n{said}")


if __name__ == "__main__":
    main()
