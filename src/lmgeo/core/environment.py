"""Process-wide settings, each set in one place: offline state and threads; and who speaks."""

from __future__ import annotations

import os

OFFLINE_VARIABLE = "LMGEO_OFFLINE"
_SPIN_VARIABLE, _POLICY_VARIABLE = "GOMP_SPINCOUNT", "OMP_WAIT_POLICY"
_SPINS = "10000"  # long enough for the gaps within a computation: without other work nothing got slower
_HUB_VARIABLES = ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "TRANSFORMERS_OFFLINE")


def set_offline() -> None:
    """Allow no network from here on, in this process and those it starts."""
    for name in (OFFLINE_VARIABLE, *_HUB_VARIABLES):
        os.environ[name] = "1"


def is_offline() -> bool:
    """Whether the user asked for no network."""
    return os.environ.get(OFFLINE_VARIABLE, "") not in ("", "0")


def spin_briefly() -> None:
    """Let idle threads of torch and FAISS wait by spinning for a moment only, unless the user said how they wait.

    By default they spin on and on, so wherever cores are shared with other work each waits for what it keeps from
    running. It counts only before either library is loaded.
    """
    if _POLICY_VARIABLE not in os.environ:
        os.environ.setdefault(_SPIN_VARIABLE, _SPINS)


def leads() -> bool:
    """Whether this process speaks for its run: of those that `torchrun` started, the first one alone."""
    return os.environ.get("RANK", "0") == "0"


def set_threads(count: int) -> None:
    """Give torch, FAISS and the linear-algebra libraries `count` threads each.

    Both carry an OpenMP runtime; setting them apart in several places is how they clash
    (https://github.com/facebookresearch/faiss/issues/3401), so nobody else sets them.
    """
    os.environ["OMP_NUM_THREADS"] = str(count)
    import faiss
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(count)
    faiss.omp_set_num_threads(count)
    # every linear-algebra library brings threads of its own; idle ones wait by spinning and slow the others down
    threadpool_limits(limits=count)
