"""What a run would cost: counts a phase, time from the store's own cells or from rules of thumb."""

from __future__ import annotations

from typing import Any

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.store.store import Store
from lmgeo.study.cells import Cell, Wanted
from lmgeo.study.plan import Plan
from lmgeo.train.checkpoints import checkpoint_steps

PHASES = ("pretrain", "measure", "evaluate", "losses")

# Seconds on one laptop core, measured once on a two-core machine; only used before a study has cells of its own.
SECONDS_A_STEP_AND_PARAMETER = 5e-7
SECONDS_A_TOKEN_QUANTIZED = 2.3e-5  # a training row, an iteration, of the additive quantizer
SECONDS_AN_EXAMPLE = 2.5e-3
SECONDS_A_CAUSAL_TOKEN, CAUSAL_FLOPS = 1.5e-5, 7e10  # of training: a share for every token, and products a second
SECONDS_A_LOOK = 0.1  # at a checkpoint, beside its tokens
TOKENS_A_SEQUENCE = 24
KILOBYTES_A_RESULT = 0.7
MEGABYTES_A_PARAMETER = 4e-6


def estimate(plan: Plan, store: Store | None, workers: int | None) -> dict[str, Any]:
    """Counts and costs of a plan, as `lmgeo run --dry-run` prints them.

    Returns:
        models, cells, missing, `phases` (cells, missing, seconds of wall time), seconds, megabytes,
        workers, threads, and `basis`: where the times come from.
    """
    from lmgeo.study.cluster import default_workers

    known = store.results() if store else {}
    seen = _seen_rates(store)
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
    work = seen.get(phase, 1.0 / plan.threads) * sum(_GUESSES[phase](cell) for cell in todo)
    at_once = max(1, min(workers, len(todo)))
    return {"phase": phase, "cells": len(cells), "missing": len(todo), "seconds": work / at_once}


def _seen_rates(store: Store | None) -> dict[str, float]:
    """By phase, what a store's own cells took over what the rules of thumb say of them: sizes differ within a study."""
    rates: dict[str, float] = {}
    if store is None:
        return rates
    for phase in PHASES:
        records = [r for r in store.documents(f"records/{phase}") if not _left_out(r)]
        expected = sum(_GUESSES[phase](_cell_of(record)) for record in records)
        if expected > 0:
            rates[phase] = sum(record["seconds"] for record in records) / expected
    return rates


def _left_out(record: dict[str, Any]) -> bool:
    """Whether a record is of no work at all."""
    return all("left_out" in result for result in record["results"].values())


def _cell_of(record: dict[str, Any]) -> Cell:
    wanted = [Wanted(key, result["object"], result["name"]) for key, result in record["results"].items()]
    return Cell(record["cell"], record["kind"], record["label"], record["spec"], wanted)


def _guess_pretrain(cell: Cell) -> float:
    s = cell.spec["pretrain"]
    causal = PretrainSpec(**s)
    if causal.planned_tokens is not None and causal.planned_steps is not None:
        token = _training_seconds_a_token(causal)
        looks = checkpoint_steps(causal, causal.planned_steps)
        seen = cell.spec.get("trajectory", {"sequences": 0, "loss_tokens": 0})
        read = seen["sequences"] * TOKENS_A_SEQUENCE + seen["loss_tokens"]
        return causal.planned_tokens * token + len(looks) * (SECONDS_A_LOOK + read * token / 3)
    weights = 12 * s["width"] ** 2 * s["layers"] + s["width"] * s["vocabulary"]
    return float(SECONDS_A_STEP_AND_PARAMETER * _steps(s) * weights * s["batch_size"] / 64)


def _training_seconds_a_token(spec: PretrainSpec) -> float:
    """Of a causal model; a pass without gradients takes a third."""
    from lmgeo.models.build import run_facts

    return SECONDS_A_CAUSAL_TOKEN + float(run_facts(spec)["flops"]) / (spec.planned_tokens or 1) / CAUSAL_FLOPS


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
    spec, training = cell.spec["losses"], cell.spec["training"]
    token = _training_seconds_a_token(PretrainSpec(**training)) if training else SECONDS_A_CAUSAL_TOKEN
    adapt = spec["finetune"] or {"steps": 0, "batch_size": 0, "max_length": 0, "seeds": []}
    runs = len(adapt["seeds"])
    read = spec["most_tokens"] * (len(cell.spec["parts"]) + 2 * runs)  # fine-tuning takes three losses
    trained = adapt["steps"] * adapt["batch_size"] * adapt["max_length"] * runs
    return float(token * (read / 3 + trained) + SECONDS_A_CAUSAL_TOKEN * read)  # tokenizing and rounding, by the token


_GUESSES = {
    "pretrain": _guess_pretrain,
    "measure": _guess_measure,
    "evaluate": _guess_evaluate,
    "losses": _guess_losses,
}


def _megabytes(plan: Plan) -> float:
    from lmgeo.models.build import run_facts

    results = sum(len(cell.wanted) for cell in plan.cells)
    models = 0.0
    for spec in (PretrainSpec(**cell.spec["pretrain"]) for cell in plan.cells if cell.kind == "pretrain"):
        kept = len(checkpoint_steps(spec, spec.planned_steps or 0)) if spec.keep_checkpoints else 0
        models += MEGABYTES_A_PARAMETER * run_facts(spec)["parameters"] * (1 + kept)
    return results * KILOBYTES_A_RESULT / 1000 + models
