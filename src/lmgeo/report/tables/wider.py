"""Tables of what geometry reflects, of transfer, of exceptions, of saturation, of settings and of power."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lmgeo.report.summary import by_strength
from lmgeo.report.tables.base import Entry, Table, settings_text, table


def reflects(facts: Mapping[str, Any]) -> Table | None:
    """A row for each measure and choice."""
    rows = [
        {
            **choice,
            "measure": _name(e),
            "n": e.get("n"),
            "r2": e.get("r2"),
            "reason": choice.get("reason") or e.get("reason"),
        }
        for e in sorted(facts.get("reflects") or [], key=lambda e: not e.get("target"))
        for choice in e.get("choices") or [{}]
    ]
    return table(
        "reflects",
        "Every share, with its test and effect",
        rows,
        [
            ("measure", "text", "measure"), ("choice", "text", "choice"), ("Shapley share", "r", "shapley"),
            ("type II share", "r", "type2_share"), ("p", "p", "p"), ("df", "count", "df"),
            ("effect", "r", "effect"), ("effect 95 %", "interval", "effect_ci"),
            ("share with size", "r", lambda r: (r.get("with_size") or {}).get("share")),
            ("p with size", "p", lambda r: (r.get("with_size") or {}).get("p")),
            ("share of a bend", "r", lambda r: (r.get("curved") or {}).get("share")),
            ("p of a bend", "p", lambda r: (r.get("curved") or {}).get("p")),
            ("R² of all", "r", "r2"), ("models", "count", "n"), ("remark", "text", "reason"),
        ],
        folded=True,
    )  # fmt: skip


def _name(entry: Entry) -> str:
    return f"the score: {entry['measure']}" if entry.get("target") else str(entry["measure"])


def transfer(facts: Mapping[str, Any]) -> Table | None:
    """A row for each held-out column, form and measure."""
    entries = facts.get("transfer") or []
    mean = {e["by"]: e["mse"] for e in entries if e["form"] == "mean"}
    return table(
        "transfer",
        "Every prediction, beside the mean's",
        entries,
        [
            ("held out", "text", "by"), ("form", "text", "form"), ("measure", "text", "measure"),
            ("levels", "count", "levels"), ("models", "count", "n"), ("mean squared error", "number", "mse"),
            ("relative to the mean", "r", lambda e: _ratio(e.get("mse"), mean.get(e["by"]))), ("R²", "r", "r2"),
            ("calibration slope", "r", lambda e: (e.get("calibration") or {}).get("slope")),
            ("calibration intercept", "number", lambda e: (e.get("calibration") or {}).get("intercept")),
            ("coverage", "share", "coverage"), ("remark", "text", "reason"),
        ],
        folded=True,
    )  # fmt: skip


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def levels(facts: Mapping[str, Any]) -> Table | None:
    """The error at each level that was held out."""
    rows = [
        {**level, **{key: e[key] for key in ("by", "form", "measure")}}
        for e in facts.get("transfer") or []
        for level in e.get("by_level") or []
    ]
    return table(
        "levels",
        "Level by level",
        rows,
        [
            ("held out", "text", "by"), ("level", "text", lambda r: str(r["level"])), ("form", "text", "form"),
            ("measure", "text", "measure"), ("models", "count", "n"), ("mean squared error", "number", "mse"),
            ("bias", "number", "bias"),
        ],
        folded=True,
    )  # fmt: skip


def counterexamples(facts: Mapping[str, Any]) -> Table | None:
    """The models that stand farthest off a measure's line."""
    entries = sorted(facts.get("counterexamples") or [], key=lambda e: -abs(e.get("z") or 0.0))
    return table(
        "counterexamples",
        "Models that a measure misjudges",
        entries,
        [
            ("model", "model", "model"), ("measure", "text", "measure"), ("kind", "text", "kind"),
            ("value", "number", "value"), (facts["target"], "number", "target"),
            ("predicted", "number", "predicted"), ("residual", "number", "residual"), ("z", "r", "z"),
            ("settings", "text", lambda e: settings_text(e.get("settings") or {}) or None),
        ],
    )  # fmt: skip


def saturation(facts: Mapping[str, Any]) -> Table | None:
    """Runs whose score got worse after its best step, and their rank then."""
    return table(
        "saturation",
        "Training runs after their best step",
        facts.get("saturation") or [],
        [
            ("run", "text", "run"), ("score", "text", "column"), ("checkpoints", "count", "steps"),
            ("best step", "number", "best_step"), ("best", "number", "best"), ("last", "number", "last"),
            ("rise", "number", "rise"), ("rise / noise", "r", "rise_over_noise"),
            ("got worse", "text", _yes("saturated")), ("rank measure", "text", "rank_measure"),
            ("rank at best", "number", "rank_at_best"),
            ("rank at last", "number", "rank_last"), ("rank fell", "text", _yes("rank_fell")), ("kind", "text", "kind"),
            ("remark", "text", "reason"),
        ],
    )  # fmt: skip


def _yes(key: str) -> Any:
    return lambda entry: None if entry.get(key) is None else "yes" if entry[key] else "no"


def sensitivity(facts: Mapping[str, Any]) -> Table | None:
    """How far each measure's correlation moves with the measurement settings."""
    found = (facts.get("sensitivity") or {}).get("measures") or []
    return table(
        "sensitivity",
        "How far the settings move each measure",
        by_strength(facts, found),
        [
            ("measure", "text", "measure"), ("settings", "count", "settings"), ("median", "r", "pearson_median"),
            ("least", "r", "pearson_min"), ("most", "r", "pearson_max"), ("one sign", "text", _yes("same_sign")),
            ("settings with p ≤ 0.05", "count", "significant"), ("remark", "text", "reason"),
        ],
    )  # fmt: skip


def specifications(facts: Mapping[str, Any]) -> Table | None:
    """Every setting's own correlation."""
    found = facts.get("sensitivity") or {}
    axes = list(found.get("axes") or {})
    return table(
        "specifications",
        "Setting by setting",
        found.get("specifications") or [],
        [
            ("measure", "text", "measure"), *[(axis, "text", _setting(axis)) for axis in axes],
            ("models", "count", "n"), ("Pearson", "r", "pearson"), ("Pearson 95 %", "interval", "pearson_ci"),
            ("Spearman", "r", "spearman"),
            ("p", "p", "p"), ("remark", "text", "reason"),
        ],
        folded=True,
    )  # fmt: skip


def _setting(axis: str) -> Any:
    def get(entry: Entry) -> str | None:
        value = (entry.get("settings") or {}).get(axis)
        return None if value is None else str(value)

    return get


def needed(facts: Mapping[str, Any]) -> Table | None:
    """How many models an effect of each size needs."""
    columns = [("true partial correlation", "r", "true"), ("models for 4 in 5", "count", "n_80")]
    entries = (facts.get("power") or {}).get("needed") or []
    return table("needed", "How many models an effect of each size needs", entries, columns)  # type: ignore[arg-type]
