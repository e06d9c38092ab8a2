"""Running a plan: what is missing goes to the workers, what is there stays as it is."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from lmgeo.core.plugins import PluginFile
from lmgeo.core.progress import Progress, silent
from lmgeo.measures.plugins import run_plugin
from lmgeo.store.claims import live_claims
from lmgeo.store.store import Store
from lmgeo.study.cells import Cell, unchanged
from lmgeo.study.execute import execute, failure, keep_failure, outcome
from lmgeo.study.plan import Plan

if TYPE_CHECKING:
    from distributed import Client


def missing_cells(plan: Plan, store: Store) -> list[Cell]:
    """The cells of which the store lacks a result, in the plan's order."""
    known = store.results()
    return [cell for cell in plan.cells if any(w.key not in known for w in cell.wanted)]


def run_plan(
    plan: Plan,
    store: Store,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> list[dict[str, Any]]:
    """Keep the plan, run the cells that are missing, and give each one's outcome.

    Args:
        workers: processes on this machine; None: as many as its cores can feed.
        scheduler: a Dask scheduler's address instead.
        device: where the workers' models run.
        progress: told "cells", and what each long cell says of itself.

    Raises:
        SpecError: a plugin that is not what it was when the plan was made.
    """
    plugins = _planned_plugins(plan)
    todo = missing_cells(plan, store)
    if not todo:
        store.write(f"plans/{plan.name}.json", plan.to_json())
        return []
    from lmgeo.study.cluster import connect, default_workers

    # several workers on one accelerator only get in each other's way
    count = workers or (min(default_workers(plan.threads), len(todo)) if device == "cpu" else 1)
    progress("cells", 0, len(todo))
    with connect(count, plan.threads, scheduler) as client:
        store.write(f"plans/{plan.name}.json", plan.to_json())
        return _run(client, todo, store, device, plugins, progress)


def _planned_plugins(plan: Plan) -> list[PluginFile]:
    """The plugins of a plan, read again: the workers get these very bytes."""
    files = [PluginFile.read(planned["path"]) for planned in plan.plugins]
    for file, planned in zip(files, plan.plugins, strict=True):
        unchanged(f"plugin {file.path}", file.to_json(), planned)
    return files


def _run(
    client: Client, todo: list[Cell], store: Store, device: str, plugins: list[PluginFile], progress: Progress
) -> list[dict[str, Any]]:
    from distributed import as_completed

    from lmgeo.study.cluster import PROGRESS_TOPIC

    client.subscribe_topic(PROGRESS_TOPIC, lambda event: progress(*event[1]))
    cells = {future: cell for cell, future in _submit(client, todo, store, device, plugins).items()}
    outcomes: list[dict[str, Any]] = []
    for future in as_completed(list(cells)):
        outcomes.append(_outcome(future, cells[future], store))
        progress("cells", len(outcomes), len(todo))
    return outcomes


def _outcome(future: Any, cell: Cell, store: Store) -> dict[str, Any]:
    error = future.exception()
    if error is None:
        return dict(future.result())
    from distributed import KilledWorker

    # cells keep their own failures; here is what keeps a worker from doing so
    if not isinstance(error, KilledWorker):
        return keep_failure(cell, store, failure(error))
    mend = "it may have run out of memory: use fewer workers, or a smaller sample, and run again"
    return keep_failure(cell, store, {"error": "the workers that tried it were killed", "mend": mend})


def _submit(
    client: Client, todo: Iterable[Cell], store: Store, device: str, plugins: list[PluginFile]
) -> dict[Cell, Any]:
    """One task a cell, in the plan's order; a cell waits for the models it needs."""
    futures: dict[str, Any] = {}
    cells: dict[Cell, Any] = {}
    for place, cell in enumerate(todo):
        needs = [futures[key] for key in cell.needs if key in futures]
        name = f"{cell.kind}-{cell.key}"
        futures[cell.key] = cells[cell] = client.submit(
            run_cell,
            cell.to_json(),
            store.url,
            device,
            needs,
            plugins,
            key=name,
            pure=False,
            retries=1,
            priority=-place,
        )
    return cells


def run_cell(
    raw: dict[str, Any], url: str, device: str, needs: list[dict[str, Any]], plugins: Sequence[PluginFile] = ()
) -> dict[str, Any]:
    """What a worker is asked to do.

    Args:
        raw: the cell.
        url: of the store.
        device: where the model runs.
        needs: the outcomes of the cells it waits for.
        plugins: files of measures, which run here as they were when the plan was made.
    """
    cell = Cell.from_json(raw)
    for plugin in plugins:
        run_plugin(plugin)
    if any(n["status"] == "claimed" for n in needs):
        return outcome(cell, "claimed")  # another run is training the model; it, or the next run, does this cell too
    lost = [n["key"] for n in needs if n["status"] == "failed"]
    if lost:
        what = f"the model it needs ({lost[0]}) could not be trained"
        return keep_failure(cell, Store(url), {"error": what, "mend": "see that cell's failure"})
    return execute(cell, url, device, _worker_progress())


def _worker_progress(every_seconds: float = 0.5) -> Progress:
    """A listener that passes what a cell says of itself on to the client, now and then."""
    from distributed import get_worker

    from lmgeo.study.cluster import PROGRESS_TOPIC

    worker = get_worker()
    last = 0.0

    def tell(label: str, done: float, total: float) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last >= every_seconds or done >= total:
            last = now
            worker.log_event(PROGRESS_TOPIC, [label, float(done), float(total)])

    return tell


def plan_status(plans: Iterable[dict[str, Any]], store: Store) -> dict[str, Any]:
    """Counts of the plans' cells: `{"total", "done", "running", "failed", "missing", "failures"}`."""
    cells: dict[str, set[str]] = {}  # two studies may want different measures of one pass
    for cell in (cell for plan in plans for cell in plan["cells"]):
        cells.setdefault(cell["key"], set()).update(w["key"] for w in cell["wanted"])
    known = store.results()
    done = {key for key, wanted in cells.items() if wanted <= known.keys()}
    running = (live_claims(store) & cells.keys()) - done
    failures = [f for f in store.documents("failures") if f["key"] in cells.keys() - done - running]
    counts = {"total": len(cells), "done": len(done), "running": len(running), "failed": len(failures)}
    shown = [{name: f[name] for name in ("key", "cell", "error", "mend")} for f in failures]
    return {**counts, "missing": len(cells) - sum(list(counts.values())[1:]), "failures": shown}
