"""Where cells run: workers on this machine, or a Dask scheduler somewhere else."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from lmgeo.core.environment import is_offline, set_offline, set_threads
from lmgeo.core.errors import SpecError

if TYPE_CHECKING:
    from distributed import Client

PROGRESS_TOPIC = "lmgeo-progress"


def default_workers(threads: int) -> int:
    """As many workers as this machine's cores can feed."""
    return max(1, len(os.sched_getaffinity(0)) // threads)


@contextmanager
def connect(workers: int, threads: int, scheduler: str | None) -> Iterator[Client]:
    """A Dask client, on workers of our own or on a scheduler that is already there.

    Args:
        workers: how many processes, when the scheduler is ours.
        threads: of torch and FAISS in each worker.
        scheduler: address such as `tcp://host:8786`; None: a cluster on this machine.

    Raises:
        SpecError: nobody answers at that address.
    """
    import dask
    from distributed import Client, LocalCluster

    dask.config.set(_settings(threads))
    if scheduler is not None:
        try:
            client = Client(scheduler, timeout="20s")
        except (OSError, TimeoutError, ValueError) as error:
            raise SpecError(
                f"no scheduler answers at {scheduler!r}: {error}", "start one, or leave --scheduler out"
            ) from error
        with client:
            client.register_plugin(_worker_setup(threads, None))
            yield client
        return
    with (
        LocalCluster(
            n_workers=workers, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
        ) as cluster,
        Client(cluster) as client,
    ):
        client.register_plugin(_worker_setup(threads, os.getpid()))
        yield client


def _settings(threads: int) -> dict[str, Any]:
    # Dask's nannies make malloc give memory back at once, so every tensor costs page faults (docs/log.md).
    environment = {"MALLOC_TRIM_THRESHOLD_": 2**30, "MALLOC_MMAP_THRESHOLD_": 2**30}
    for library in ("OMP", "MKL", "OPENBLAS"):
        environment[f"{library}_NUM_THREADS"] = threads
    return {
        "distributed.nanny.pre-spawn-environ": environment,
        "distributed.worker.daemon": True,
        # a cell holds its worker for minutes without a word; that is no reason to kill it
        "distributed.scheduler.worker-ttl": None,
    }


def _worker_setup(threads: int, parent: int | None) -> Any:
    from distributed import WorkerPlugin

    offline = is_offline()

    class Setup(WorkerPlugin):
        """Fixes the threads of a worker, and ends it when the program that started it is gone."""

        name = "lmgeo-setup"

        def setup(self, worker: Any) -> None:
            del worker
            if offline:
                set_offline()
            if parent is not None:
                threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
            set_threads(threads)

    return Setup()


def _end_with(parent: int) -> None:
    # A killed client cannot tell its workers to stop, so each looks for itself.
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
