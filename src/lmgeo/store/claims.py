"""Who is working on which cell, so that two runs on one store do not do the same work.

A claim is a small file renewed while its holder lives; one that is no longer renewed, or
whose process is gone from this machine, is dead and counts for nothing.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from lmgeo.core.errors import StoreError
from lmgeo.store.store import Store

RENEW_SECONDS = 15.0
DEAD_AFTER_SECONDS = 90.0


def live_claims(store: Store) -> set[str]:
    """Keys of the cells that somebody is working on now."""
    claims = (_read(store, name) for name in store.names("claims"))
    return {claim["key"] for claim in claims if claim and is_live(claim)}


def _read(store: Store, name: str) -> dict[str, Any] | None:
    try:
        return dict(store.read(name))
    except StoreError:  # its holder finished between the listing and the reading
        return None


def is_live(claim: dict[str, Any]) -> bool:
    """Whether a claim's holder still works on it."""
    if claim["host"] == socket.gethostname():
        return _started(claim["pid"]) == claim["process_started"]
    return time.time() - claim["renewed"] < DEAD_AFTER_SECONDS


def _started(pid: int) -> float | None:
    """When a process of this machine began; None if there is none. Guards against reused ids."""
    import psutil

    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


@contextmanager
def claim(store: Store, key: str) -> Iterator[bool]:
    """Hold the cell `key` while the block runs; gives False when somebody else holds it."""
    name = f"claims/{key}.json"
    held = _read(store, name)
    if held and is_live(held) and held["pid"] != os.getpid():
        yield False
        return
    stop = threading.Event()
    _write(store, name, key)
    renewing = threading.Thread(target=_renew, args=(store, name, key, stop), daemon=True)
    renewing.start()
    try:
        yield True
    finally:
        stop.set()
        renewing.join()
        store.remove(name)


def _renew(store: Store, name: str, key: str, stop: threading.Event) -> None:
    while not stop.wait(RENEW_SECONDS):
        _write(store, name, key)


def _write(store: Store, name: str, key: str) -> None:
    pid = os.getpid()
    document = {"key": key, "host": socket.gethostname(), "pid": pid, "process_started": _started(pid)}
    store.write(name, {**document, "renewed": time.time()})
