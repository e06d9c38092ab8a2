"""Doing one cell: load or make the model, compute, write one record. Runs in a worker."""

from __future__ import annotations

import time
import traceback
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import LmgeoError
from lmgeo.core.identity import content_key
from lmgeo.core.progress import Progress, silent
from lmgeo.core.provenance import provenance
from lmgeo.models.content import content
from lmgeo.store.claims import claim
from lmgeo.store.store import Store
from lmgeo.study.cells import Cell, Wanted, unchanged
from lmgeo.study.checkpoints import checkpoint_path

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle


def execute(cell: Cell, url: str, device: str = "cpu", progress: Progress = silent) -> dict[str, Any]:
    """Do one cell and keep what it gives; a failure is kept too, never raised.

    Returns:
        `{"key", "kind", "status": "done" | "failed" | "claimed", "seconds"}`.
    """
    store = Store(url)
    began = time.perf_counter()
    with claim(store, cell.key) as ours:
        if not ours:
            return outcome(cell, "claimed")
        if not missing_results(cell, store):  # another run finished it while this one waited
            return outcome(cell, "done")
        try:
            if (why := _diverged(cell, store)) is not None:
                _leave_out(cell, store, why)
            else:
                _DO[cell.kind](cell, store, device, progress)
        except Exception as error:  # a cell that fails is a result; the study goes on
            return keep_failure(cell, store, failure(error), time.perf_counter() - began)
        store.remove(f"failures/{cell.key}.json")
    return outcome(cell, "done", time.perf_counter() - began)


def outcome(cell: Cell, status: str, seconds: float = 0.0) -> dict[str, Any]:
    """What became of a cell: `done`, `failed` or `claimed`, and the seconds it took."""
    return {"key": cell.key, "kind": cell.kind, "status": status, "seconds": seconds}


def missing_results(cell: Cell, store: Store) -> list[Wanted]:
    """What a cell wants that the store lacks; only the cell's own records are read."""
    known = store.results_of(cell.kind, cell.key)
    return [w for w in cell.wanted if w.key not in known]


def keep_failure(cell: Cell, store: Store, failure: dict[str, str], seconds: float = 0.0) -> dict[str, Any]:
    """Write why a cell failed (`error`, `mend`) and give its outcome."""
    store.write(f"failures/{cell.key}.json", {"key": cell.key, "cell": cell.label, **failure})
    return outcome(cell, "failed", seconds)


def failure(error: BaseException) -> dict[str, str]:
    """An error as the store keeps it: `error`, `mend`, and the trace of one that is our fault."""
    if isinstance(error, LmgeoError):
        return {"error": error.what, "mend": error.mend}
    trace = "".join(traceback.format_exception(error))
    mend = "this looks like a fault of lmgeo: report it with the trace in the store's failures/ folder"
    return {"error": f"{type(error).__name__}: {error}", "mend": mend, "trace": trace}


def _pretrain(cell: Cell, store: Store, device: str, progress: Progress) -> None:
    from lmgeo.study.training import train

    began = time.perf_counter()
    _keep(cell, store, train(cell, store, device, progress), began)


def _measure(cell: Cell, store: Store, device: str, progress: Progress) -> None:
    from lmgeo.study.measuring import measure_matrices, measure_sites

    began = time.perf_counter()
    missing = missing_results(cell, store)
    model = variant_model(cell.spec, store, device)
    do = measure_matrices if cell.spec["represent"] is None else measure_sites
    results, notes = do(model, cell.spec, missing, progress)
    _keep(cell, store, results, began, notes)


def _evaluate(cell: Cell, store: Store, device: str, progress: Progress) -> None:
    from lmgeo.core.spec.blocks import EvaluateSpec, FinetuneSpec
    from lmgeo.data.tasks import load_task, task_identity
    from lmgeo.train.finetune import finetune

    began = time.perf_counter()
    spec = EvaluateSpec(**cell.spec["evaluate"])
    settings = FinetuneSpec(**{name: getattr(spec, name) for name in FinetuneSpec.model_fields})
    unchanged("task's data", task_identity(cell.spec["task"], spec.data), cell.spec["task_identity"])
    data = load_task(cell.spec["task"], spec.data)
    score = finetune(
        variant_model(cell.spec, store, device),
        data,
        settings,
        cell.spec["seed"],
        train_examples=spec.train_examples,
        eval_examples=spec.eval_examples,
        progress=progress,
    )
    _keep(cell, store, {cell.key: {"object": "score", "name": cell.spec["task"], "score": score.to_json()}}, began)


def _losses(cell: Cell, store: Store, device: str, progress: Progress) -> None:
    from lmgeo.study.losses import take_losses

    began = time.perf_counter()
    missing = missing_results(cell, store)
    results, notes = take_losses(variant_model(cell.spec, store, device), cell.spec, missing, progress)
    _keep(cell, store, results, began, notes)


_DO = {"pretrain": _pretrain, "measure": _measure, "evaluate": _evaluate, "losses": _losses}


def _leave_out(cell: Cell, store: Store, why: str) -> None:
    """Results without values, of a model that there is no use in measuring."""
    results = {w.key: {"object": w.object, "name": w.name, "left_out": why} for w in missing_results(cell, store)}
    _keep(cell, store, results, time.perf_counter())


def _diverged(cell: Cell, store: Store) -> str | None:
    """Why the model that a cell needs has no weights, where its training diverged."""
    for key in cell.needs:
        training = store.results_of("pretrain", key).get(key, {}).get("training", {})
        if training.get("diverged") and not store.local_path("artefacts", key).exists():
            return str(training["diverged"])
    return None


def _keep(cell: Cell, store: Store, results: dict[str, Any], began: float, notes: list[str] | None = None) -> None:
    """One immutable file for all that this pass gave; a later pass writes another beside it."""
    record = {
        "cell": cell.key,
        "kind": cell.kind,
        "label": cell.label,
        "spec": cell.spec,
        "results": results,
        "notes": notes or [],
        "seconds": round(time.perf_counter() - began, 3),
        "provenance": provenance(),
    }
    store.put_record(cell.kind, f"{cell.key}-{content_key(sorted(results))[:8]}", record)


def variant_model(spec: dict[str, Any], store: Store, device: str) -> ModelHandle:
    """The model a cell works on, made in memory: the base, perturbed if the spec says so."""
    where = spec["where"]
    path = checkpoint_path(where, store)
    identity = spec["identity"]["base"]
    trained = identity.get("of", identity)
    if "content" in trained:
        unchanged(f"checkpoint {path}", content(path), trained["content"])
    base = _base_model(str(path), content_key(trained), where.get("untrained"), device)
    if spec["perturbation"] is None:
        return base
    from lmgeo.perturb.declare import PERTURBATIONS
    from lmgeo.study.perturbing import perturbation_identity, perturbed

    kind = spec["perturbation"]["kind"]
    settings = PERTURBATIONS[kind].settings(**spec["perturbation"]["settings"])
    unchanged("perturbation or its text", perturbation_identity(kind, settings), spec["identity"]["perturbation"])
    return perturbed(base, kind, settings)


@lru_cache(maxsize=2)  # cells of one base come one after another; two bases fit in memory
def _base_model(path: str, content: str, untrained: int | None, device: str) -> ModelHandle:
    del content  # part of the cache's key: another checkpoint may come to lie on the same path
    from lmgeo.models.load import load_model

    return load_model(Path(path), untrained_seed=untrained).to(device)
