from __future__ import annotations

import os
import subprocess
import sys

import pytest

from lmgeo.core.environment import is_offline, set_offline, set_threads


@pytest.mark.parametrize(("value", "offline"), [(None, False), ("", False), ("0", False), ("1", True), ("yes", True)])
def test_offline_is_read_from_the_variable(value: str | None, offline: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if value is None:
        monkeypatch.delenv("LMGEO_OFFLINE", raising=False)
    else:
        monkeypatch.setenv("LMGEO_OFFLINE", value)
    assert is_offline() is offline


def test_going_offline_tells_every_library(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("LMGEO_OFFLINE", "HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")
    for name in names:
        monkeypatch.setenv(name, "0")
    set_offline()
    assert {os.environ[name] for name in names} == {"1"}
    assert is_offline()


def test_threads_are_given_to_both_libraries(monkeypatch: pytest.MonkeyPatch) -> None:
    import faiss
    import torch

    before = torch.get_num_threads(), faiss.omp_get_max_threads()
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    try:
        set_threads(1)
        assert (torch.get_num_threads(), faiss.omp_get_max_threads(), os.environ["OMP_NUM_THREADS"]) == (1, 1, "1")
    finally:
        torch.set_num_threads(before[0])
        faiss.omp_set_num_threads(before[1])


@pytest.mark.parametrize(
    ("said", "spins"),
    [({}, "10000"), ({"GOMP_SPINCOUNT": "7"}, "7"), ({"OMP_WAIT_POLICY": "ACTIVE"}, None)],
)
def test_idle_threads_wait_as_the_user_said_else_briefly(said: dict[str, str], spins: str | None) -> None:
    names = ("GOMP_SPINCOUNT", "OMP_WAIT_POLICY")
    plain = {name: value for name, value in os.environ.items() if name not in names}
    program = "import os, lmgeo; print(os.environ.get('GOMP_SPINCOUNT'))"
    done = subprocess.run(
        [sys.executable, "-c", program], env={**plain, **said}, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == str(spins)
