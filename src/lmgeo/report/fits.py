"""Caveats of the fitted parts: controls that say the same, fits that failed, choices that cannot be told apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.analysis.controls import read_controls
from lmgeo.report.wording import Caveat, count, grouped, listed

if TYPE_CHECKING:
    import pandas as pd

_NAMES = {
    "incremental_all": "all measures together",
    "alignment": "correlations among measures",
    "power": "power",
    "sensitivity": "settings",
}
# Parts of the document whose entries may carry a reason, the section that shows them, and their name in words.
_PARTS = {
    "partial": ("controls", "Partial correlations"),
    "within": ("controls", "Within groups"),
    "strata": ("controls", "At one size"),
    "incremental": ("controls", "Gains"),
    "mixed": ("controls", "Mixed models"),
    "reflects": ("reflects", "Shares"),
    "transfer": ("transfer", "Transfer"),
    "saturation": ("exceptions", "Saturation"),
}


def of_fits(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[Caveat]:
    """Caveats of the parts that fit something, each for the section that shows it."""
    return [
        *_collinear(table, facts),
        *_reasons(facts),
        *_not_converged(facts),
        *_remarks(facts),
        *_aliased(facts),
        *_whole_parts(facts),
    ]


def _collinear(table: pd.DataFrame, facts: Mapping[str, Any]) -> list[Caveat]:
    """Controls that determine one another: nothing is lost, but no share of theirs can be told apart."""
    names: list[str] = next((e["controls"] for e in facts.get("partial") or []), [])
    if len(names) < 2 or any(name not in table.columns for name in names):
        return []
    controls = read_controls(table, names)
    design = controls.design[controls.complete]
    spread = design.std(axis=0) if len(design) else np.zeros(0)
    varied = design[:, spread > 0]
    if varied.shape[1] < 2 or not np.isfinite(varied).all():
        return []
    scaled = (varied - varied.mean(axis=0)) / varied.std(axis=0)
    rank = int(np.linalg.matrix_rank(scaled, tol=1e-8 * max(scaled.shape) ** 0.5))
    if rank == varied.shape[1]:
        return []
    text = (
        f"{listed(list(names), 6)} determine one another: {count(varied.shape[1], 'column')} carry {rank} independent "
        f"ones. What is held fixed is the same, but the part of each cannot be told apart."
    )
    return [Caveat("Collinear controls", text, ("controls", "reflects"))]


def _reasons(facts: Mapping[str, Any]) -> Iterator[Caveat]:
    for part, (section, head) in _PARTS.items():
        entries = [e for e in facts.get(part) or [] if e.get("reason")]
        pairs = ((str(e["reason"]), str(e.get("measure") or e.get("run") or e.get("form") or "")) for e in entries)
        for reason, names in grouped(pairs).items():
            yield Caveat(head, f"{listed(list(dict.fromkeys(names)))}: {reason}.", (section,))


def _not_converged(facts: Mapping[str, Any]) -> list[Caveat]:
    failed = [e for e in facts.get("mixed") or [] if e.get("converged") is False]
    if not failed:
        return []
    names = listed([e["measure"] for e in failed])
    text = f"The mixed model of {names} did not converge: read its slope beside the within-group correlation."
    return [Caveat("Mixed models", text, ("controls",))]


def _remarks(facts: Mapping[str, Any]) -> Iterator[Caveat]:
    """What the boosted trees say of themselves, such as that they saw a subsample."""
    pairs: list[tuple[str, str]] = []
    entries = [*(facts.get("incremental") or []), facts.get("incremental_all") or {}]
    for entry in entries:
        trees = entry.get("boosted") or {}
        said = trees.get("remark") or trees.get("note") or trees.get("reason")
        if said:
            pairs.append((str(said), entry.get("measure", "all measures together")))
    for remark, names in grouped(pairs).items():
        yield Caveat("Remark", f"{listed(names)}: {remark}.", ("controls",))
    n = (facts.get("incremental_all") or {}).get("n")
    fewer = [e["boosted"]["n"] for e in facts.get("incremental") or [] if (e.get("boosted") or {}).get("n")]
    if n and fewer and min(fewer) < n:
        yield Caveat("Subsample", f"Boosted trees were fitted on {min(fewer):,} of {n:,} models.", ("controls",))


def _aliased(facts: Mapping[str, Any]) -> list[Caveat]:
    """Choices that the others determine: no share beyond them can be told."""
    entries = next((e.get("choices") or [] for e in facts.get("reflects") or [] if e.get("r2") is not None), [])
    names = [c["choice"] for c in entries if c.get("df") == 0 or c.get("aliased")]
    if not names:
        return []
    text = f"{listed(names)}: determined by the other choices, so no share beyond them can be told."
    return [Caveat("Aliased choices", text, ("reflects",))]


def _whole_parts(facts: Mapping[str, Any]) -> Iterator[Caveat]:
    """Parts that are one entry and say why they lack a value."""
    sections = {"incremental_all": "controls", "alignment": "battery", "power": "power", "sensitivity": "settings"}
    for part, section in sections.items():
        reason = (facts.get(part) or {}).get("reason")
        if reason:
            yield Caveat("Remark", f"{_NAMES[part]}: {reason}.", (section,))
