"""Studies: planned, run, counted, laid out as a table."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lmgeo.core.errors import SpecError, StoreError, UnknownName
from lmgeo.core.files import write_bytes
from lmgeo.core.progress import Progress, silent
from lmgeo.store.store import Store

if TYPE_CHECKING:
    import pandas as pd

    from lmgeo.study.plan import Plan

READY = Path(__file__).parent.parent / "studies"


class StudyStore:
    """A study's results, for Python.

    Attributes:
        url: where they are.
        outcomes: what this run did, cell by cell; empty when there was nothing to do.
        notes: remarks on the study as it was read.
    """

    def __init__(self, url: str, outcomes: Sequence[dict[str, Any]] = (), notes: Sequence[str] = ()) -> None:
        self.url = url
        self.outcomes = list(outcomes)
        self.notes = list(notes)

    def table(self) -> pd.DataFrame:
        """The tidy table: one row a model under one measurement setting."""
        return read_store_table(self.url)

    def steps(self) -> pd.DataFrame:
        """The table of checkpoints: one row for each look at a run while it trained."""
        return read_store_steps(self.url)

    def status(self) -> dict[str, Any]:
        """Counts of done, running, failed and missing cells, and each failure."""
        return status(self.url)


def ready_studies() -> list[str]:
    """Names of the studies shipped inside the package."""
    return sorted(path.stem for path in READY.glob("*.yaml"))


def plan_study(study: str | Path, settings: Sequence[str] = (), plugins: Sequence[str | Path] = ()) -> Plan:
    """Read a study, apply `a.b=c` overrides, and resolve it to its cells.

    Args:
        study: a YAML file, or the name of a ready study.
        settings: `a.b=c` overrides.
        plugins: files of measures of one's own; they run.

    Raises:
        SpecError, UnknownName: with file, line, key and the mend.
    """
    from lmgeo.analysis.filter_syntax import parse_filter
    from lmgeo.core.spec.document import read_document
    from lmgeo.core.spec.overrides import override
    from lmgeo.core.spec.study import parse_study
    from lmgeo.measures.plugins import load_plugins
    from lmgeo.perturb.declare import PERTURBATIONS
    from lmgeo.study.plan import build_plan

    document = read_document(_study_file(study))
    override(document, list(settings))
    spec = parse_study(document, list(PERTURBATIONS))
    if spec.analyze.filter is not None:
        parse_filter(spec.analyze.filter)  # better now than after a night of work
    files = load_plugins(plugins)
    return replace(build_plan(spec), plugins=[file.to_json() for file in files])


def _study_file(study: str | Path) -> Path:
    path = Path(study)
    if path.is_file():
        return path
    if str(study) in ready_studies():
        return READY / f"{study}.yaml"
    if path.suffix in (".yaml", ".yml"):
        raise SpecError(
            f"no study file at {str(study)!r}", f"give a YAML file, or one of: {', '.join(ready_studies())}"
        )
    raise UnknownName.among("study", str(study), ready_studies())


def run_study(
    study: str | Path,
    store: str | Path | None = None,
    *,
    settings: Sequence[str] = (),
    workers: int | None = None,
    scheduler: str | None = None,
    device: str = "cpu",
    plugins: Sequence[str | Path] = (),
    progress: Progress = silent,
) -> StudyStore:
    """Run what is missing of a study; a finished one does nothing.

    Args:
        study: a YAML file, or the name of a ready study.
        store: folder or URL; None: `runs/<study name>` under the working directory.
        settings: `a.b=c` overrides.
        workers: processes on this machine; None: as many as its cores feed.
        scheduler: address of a Dask scheduler to use instead.
        device: where the workers' models run; no key sees it.
        plugins: files of measures of one's own; they run, here and in the workers, and their hashes enter the keys.

    Raises:
        SpecError, UnknownName: the study, or what it names, is not right; nothing is written.
    """
    from lmgeo.study.run import run_plan

    plan = plan_study(study, settings, plugins)
    if scheduler is None and device != "cpu":
        from lmgeo.api.models import check_device

        check_device(device)
    kept = Store(str(store or default_store(plan)), create=True)
    outcomes = run_plan(plan, kept, workers=workers, scheduler=scheduler, device=device, progress=progress)
    return StudyStore(kept.url, outcomes, plan.notes)


def default_store(plan: Plan) -> str:
    """`runs/<study name>` under the working directory."""
    return str(Path("runs") / plan.name)


def status(store: str | Path) -> dict[str, Any]:
    """What is done, running, failed and missing in a store.

    Raises:
        StoreError: no store there, or no study was ever run in it.
    """
    from lmgeo.study.run import plan_status

    kept = Store(str(store))
    plans = list(kept.documents("plans"))
    if not plans:
        raise StoreError(f"store {kept.url!r} holds no plan", "run a study in it first")
    return plan_status(plans, kept)


def read_store_table(store: str | Path) -> pd.DataFrame:
    """The tidy table of a store.

    Raises:
        StoreError: no store there, or no study in it.
    """
    from lmgeo.store.table import wide_table

    table = wide_table(Store(str(store)))
    if table.empty:
        raise StoreError(f"store {str(store)!r} holds no rows", "run a study in it first")
    return table


def read_store_steps(store: str | Path) -> pd.DataFrame:
    """The table of checkpoints of a store.

    Raises:
        StoreError: no store there, or no run in it was looked at while it trained.
    """
    from lmgeo.store.trajectories import trajectory_table

    table = trajectory_table(Store(str(store)))
    if table.empty:
        raise StoreError(
            f"store {str(store)!r} holds no trajectory",
            "give its trainings log_checkpoints: true or even_checkpoints, and run it again",
        )
    return table


def write_table(table: pd.DataFrame, path: str | Path, form: Literal["csv", "parquet"] = "csv") -> None:
    """Write a table as CSV or parquet, in one step."""
    if form == "csv":
        write_bytes(Path(path), table.to_csv(index=False).encode())
        return
    buffer = io.BytesIO()
    table.to_parquet(buffer, index=False)
    write_bytes(Path(path), buffer.getvalue())


def table_records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """A table's rows as plain JSON; an empty cell is null."""
    return list(json.loads(table.to_json(orient="records", double_precision=15)))


def dry_run(
    study: str | Path,
    store: str | Path | None,
    settings: Sequence[str] = (),
    workers: int | None = None,
    plugins: Sequence[str | Path] = (),
) -> dict[str, Any]:
    """What a run would do: counts a phase, time and disk, and what it could detect; nothing is written.

    Raises:
        as `run_study`.
    """
    from lmgeo.api.powering import plan_power
    from lmgeo.study.estimate import estimate

    plan = plan_study(study, settings, plugins)
    url = str(store or default_store(plan))
    cost, power = estimate(plan, _existing(url), workers), plan_power(plan)
    return {"study": plan.name, "store": url, **cost, "power": power, "notes": plan.notes}


def _existing(url: str) -> Store | None:
    try:
        return Store(url)
    except StoreError:
        return None


def study_text(plan: dict[str, Any]) -> str:
    """A plan's study as YAML text, for the report."""
    import yaml

    return str(yaml.safe_dump(json.loads(json.dumps(plan["study"])), sort_keys=False, allow_unicode=True))
