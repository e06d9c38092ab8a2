"""One row a measure: the raw correlations, and what is left of them once choices are held fixed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.summary import by_strength, given, ranked
from lmgeo.report.tables.base import Entry, Table, table


def correlations(facts: Mapping[str, Any]) -> Table | None:
    """Every correlation with the score, those without a value last with the reason."""
    order = [*ranked(facts), *(e for e in facts["correlations"] if e["pearson"] is None)]
    return table(
        "correlations",
        f"Every measure's correlation with {facts['target']}",
        order,
        [
            ("measure", "text", "measure"), ("models", "count", "n"),
            ("Pearson", "r", "pearson"), ("Pearson 95 %", "interval", "pearson_ci"),
            ("Spearman", "r", "spearman"), ("Spearman 95 %", "interval", "spearman_ci"),
            ("Kendall", "r", "kendall"), ("Kendall 95 %", "interval", "kendall_ci"),
            ("distance corr.", "r", "distance_correlation"), ("monotone R²", "r", "monotone_r2"),
            ("p", "p", "p"), ("q", "p", "q"), ("p by permutation", "p", "p_permutation"),
            ("permuted within", "text", "permuted_within"), ("remark", "text", "reason"),
        ],
    )  # fmt: skip


def controlled(facts: Mapping[str, Any]) -> Table | None:
    """Raw, partial, within-group, mixed and incremental estimates side by side."""
    parts = {
        part: {e["measure"]: e for e in facts.get(part) or []} for part in ("partial", "within", "mixed", "incremental")
    }
    if not any(parts.values()):
        return None
    rows = [
        {"raw": e, **{part: found.get(e["measure"], {}) for part, found in parts.items()}}
        for e in sorted(facts["correlations"], key=lambda e: -abs(e["spearman"] or 0.0))
    ]
    group = next((e["group"] for e in facts.get("mixed") or []), "")
    by = next((e["by"] for e in facts.get("within") or []), "")
    return table(
        "controlled",
        "Raw and controlled, measure by measure",
        rows,
        [
            ("measure", "text", _of("raw", "measure")), ("Spearman", "r", _of("raw", "spearman")),
            ("partial", "r", _of("partial", "spearman")), ("partial 95 %", "interval", _of("partial", "ci")),
            ("partial p", "p", _of("partial", "p")),
            (f"within {by}", "r", _of("within", "spearman")), (f"within {by} 95 %", "interval", _of("within", "ci")),
            ("ΔR²", "signed", _of("incremental", "delta_r2")),
            ("ΔR² 95 %", "signed_interval", _of("incremental", "ci")),
            ("ΔR² boosted", "signed", _boosted("delta_r2")),
            ("ΔR² boosted 95 %", "signed_interval", _boosted("ci")),
            (f"slope, random {group}", "r", _of("mixed", "slope")),
            ("slope 95 %", "interval", _of("mixed", "ci")),
            ("bootstrap 95 %", "interval", _of("mixed", "bootstrap_ci")),
            ("remark", "text", _remark),
        ],
    )  # fmt: skip


def _of(part: str, key: str) -> Any:
    return lambda row: row[part].get(key)


def _boosted(key: str) -> Any:
    return lambda row: (row["incremental"].get("boosted") or {}).get(key)


def _remark(row: Entry) -> str | None:
    mixed = row["mixed"]
    said = [*([] if mixed.get("converged", True) else ["did not converge"]), *filter(None, [mixed.get("remark")])]
    failed = [f"mixed model: {', '.join(said)}"] if said else []
    reasons = [
        f"{part}: {row[part]['reason']}" for part in ("partial", "within", "incremental") if row[part].get("reason")
    ]
    return "; ".join([*reasons, *failed]) or None


def strata(facts: Mapping[str, Any]) -> Table | None:
    """The correlation at each size of model."""
    entries = facts.get("strata") or []
    by = entries[0]["by"] if entries else ""
    columns = [
        ("measure", "text", "measure"), (by, "text", lambda e: str(e["level"])), ("models", "count", "n"),
        ("Spearman", "r", "spearman"), ("95 %", "interval", "ci"), ("remark", "text", "reason"),
    ]  # fmt: skip
    return table("strata", f"The correlation at each {by}", entries, columns, folded=True)  # type: ignore[arg-type]


def regressions(facts: Mapping[str, Any]) -> Table | None:
    """Least squares of the score on each measure, alone and beside the factor."""
    entries = by_strength(facts, given(facts, "regressions", "r2"))
    return table(
        "regressions",
        f"Least squares of {facts['target']} on each measure ({len(entries)} fits)",
        entries,
        [
            ("measure", "text", "measure"), ("form", "text", _form), ("models", "count", "n"), ("R²", "r", "r2"),
            ("slope", "number", lambda e: e["coefficients"].get(e["measure"])),
            ("intercept", "number", lambda e: e["coefficients"].get("intercept")),
        ],
        folded=True,
    )  # fmt: skip


def _form(entry: Entry) -> str:
    return f"measure + {entry['by']}" if entry["by"] else "measure"


def holdout(facts: Mapping[str, Any]) -> Table | None:
    """Squared error of every form on the hold-out models, beside that of the training mean."""
    entries = sorted(facts.get("holdout") or [], key=lambda e: (e["mse"] is None, e["mse"] or 0.0))
    return table(
        "holdout",
        "Predictions of the models held out",
        entries,
        [
            ("measure", "text", "measure"), ("form", "text", _form), ("mean squared error", "number", "mse"),
            ("error of the mean", "number", "baseline_mse"),
            ("relative", "r", lambda e: e["mse"] / e["baseline_mse"] if e["mse"] and e.get("baseline_mse") else None),
            ("calibration slope", "r", lambda e: (e.get("calibration") or {}).get("slope")),
            ("calibration intercept", "number", lambda e: (e.get("calibration") or {}).get("intercept")),
            ("models predicted", "count", lambda e: sum(v is not None for v in e["predictions"].values())),
            ("unseen levels", "count", lambda e: e.get("unseen", 0)), ("remark", "text", "reason"),
        ],
    )  # fmt: skip
