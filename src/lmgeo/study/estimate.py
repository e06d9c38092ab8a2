"""What a run would cost: counts a phase, time from the store's own cells or from rules of thumb."""

from __future__ import annotations

import statistics
from typing import Any

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.store.store import Store
from lmgeo.study.cells import Cell
from lmgeo.study.plan import Plan

PHASES = ("pretrain", "measure", "evaluate", "losses")

# Seconds on one laptop core, measured once on a two-core machine; only used before a study has cells of its own.
SECONDS_A_STEP_AND_PARAMETER = 5e-7
SECONDS_A_TOKEN_QUANTIZED = 2.3e-5  # a training row, an iteration, of the additive quantizer
SECONDS_AN_EXAMPLE = 2.5e-3
SECONDS_A_CAUSAL_TOKEN, CAUSAL_FLOPS = 1.5e-5, 7e10  # of training: a share for every token, and products a second
TOKENS_A_SEQUENCE = 24
KILOBYTES_A_RESULT = 0.7


def estimate(plan: Plan, store: Store | None, workers: int | None) -> dict[str, Any]:
    """Counts and costs of a plan, as `lmgeo run --dry-run` prints them.

    Returns:
        models, cells, missing, `phases` (cells, missing, seconds of wall time), seconds, megabytes,
        workers, threads, and `basis`: where the times come from.
    """
    from lmgeo.study.cluster import default_workers

    known = store.results() if store else {}
    seen = _seen_seconds(store)
    count = workers or default_workers(plan.threads)
    phases = [_phase(phase, plan, known, seen, count) for phase in PHASES]
    return {
        "models": len({cell.spec["name"] for cell in plan.cells if "name" in cell.spec}),
        "cells": len(plan.cells),
        "missing": sum(p["missing"] for p in phases),
        "phases": [p for p in phases if p["cells"]],
        "seconds": sum(p["seconds"] for p in phases),
        "megabytes": _megabytes(plan),
        "workers": count,
        "threads": plan.threads,
        "basis": "times of this store's own cells" if seen else "rules of thumb: expect half to double",
    }


def _phase(phase: str, plan: Plan, known: dict[str, Any], seen: dict[str, float], workers: int) -> dict[str, Any]:
    cells = [cell for cell in plan.cells if cell.kind == phase]
    todo = [cell for cell in cells if any(w.key not in known for w in cell.wanted)]
    work = sum(seen[phase] if phase in seen else _guess(cell, plan.threads) for cell in todo)
    at_once = max(1, min(workers, len(todo)))
    return {"phase": phase, "cells": len(cells), "missing": len(todo), "seconds": work / at_once}


def _seen_seconds(store: Store | None) -> dict[str, float]:
    """Median seconds of the cells a store already has, by phase."""
    if store is None:
        return {}
    found = {phase: [r["seconds"] for r in store.documents(f"records/{phase}")] for phase in PHASES}
    return {phase: statistics.median(seconds) for phase, seconds in found.items() if seconds}


def _guess(cell: Cell, threads: int) -> float:
    return _GUESSES[cell.kind](cell) / threads


def _guess_pretrain(cell: Cell) -> float:
    s = cell.spec["pretrain"]
    causal = PretrainSpec(**s)
    if causal.planned_tokens is not None:
        from lmgeo.models.build import run_facts

        return causal.planned_tokens * SECONDS_A_CAUSAL_TOKEN + float(run_facts(causal)["flops"]) / CAUSAL_FLOPS
    weights = 12 * s["width"] ** 2 * s["layers"] + s["width"] * s["vocabulary"]
    return float(SECONDS_A_STEP_AND_PARAMETER * _steps(s) * weights * s["batch_size"] / 64)


def _steps(spec: dict[str, Any]) -> float:
    return float(spec["steps"] or spec["tokens"] / (spec["batch_size"] * TOKENS_A_SEQUENCE))


def _guess_measure(cell: Cell) -> float:
    spec = cell.spec
    if spec["represent"] is None:
        return 1.0
    from lmgeo.measures.protocols import protocol

    rows = spec["represent"]["sequences"] * TOKENS_A_SEQUENCE
    total = 1.0
    for block in spec["measure"] if any(w.name.startswith("lsq_") for w in cell.wanted) else ():
        p = protocol(block["protocol"])
        trained = min(rows, p.lsq_train_rows or rows) * p.lsq_iterations
        rate = SECONDS_A_TOKEN_QUANTIZED / (3 if p.backend == "numba" else 1)
        total += rate * trained * (p.seeds or 1) * len(spec["represent"]["sites"])
    return total


def _guess_evaluate(cell: Cell) -> float:
    spec = cell.spec["evaluate"]
    return float(SECONDS_AN_EXAMPLE * (spec["train_examples"] or 5_000) * spec["epochs"])


def _guess_losses(cell: Cell) -> float:
    spec = cell.spec["losses"]
    tokens = spec["most_tokens"] * len(cell.spec["parts"])
    adapt = spec["finetune"] or {"steps": 0, "batch_size": 0, "max_length": 0, "seeds": []}
    trained = adapt["steps"] * adapt["batch_size"] * adapt["max_length"] * len(adapt["seeds"])
    return float(SECONDS_A_CAUSAL_TOKEN * (tokens + 3 * trained))


_GUESSES = {
    "pretrain": _guess_pretrain,
    "measure": _guess_measure,
    "evaluate": _guess_evaluate,
    "losses": _guess_losses,
}


def _megabytes(plan: Plan) -> float:
    results = sum(len(cell.wanted) for cell in plan.cells)
    models = 0.0
    for cell in plan.cells:
        if cell.kind == "pretrain":
            s = cell.spec["pretrain"]
            models += 4e-6 * (12 * s["width"] ** 2 * s["layers"] + s["width"] * s["vocabulary"])
    return results * KILOBYTES_A_RESULT / 1000 + models
