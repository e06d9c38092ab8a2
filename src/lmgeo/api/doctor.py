"""A look at the machine: what is there, and what is known to clash."""

from __future__ import annotations

import os
from typing import Any

from lmgeo.core.environment import is_offline
from lmgeo.core.provenance import package_version, versions

REQUIRED = ("torch", "transformers", "faiss-cpu", "numpy", "scipy", "pandas", "distributed", "vl-convert-python")
OPTIONAL = ("s3fs", "dask-jobqueue", "lm-eval")


def examine() -> dict[str, Any]:
    """Versions, threads, devices, offline state, and a list of faults with their mends."""
    import torch

    found: dict[str, Any] = {**versions(), **{name: package_version(name) for name in (*REQUIRED, *OPTIONAL)}}
    found["cores"] = len(os.sched_getaffinity(0))
    found["threads"] = torch.get_num_threads()
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    found["devices"] = ["cpu", *(f"cuda:{i} ({name})" for i, name in enumerate(gpus))]
    found["offline"] = is_offline()
    found["faults"] = _faults(found)
    return found


def _faults(found: dict[str, Any]) -> list[str]:
    faults = [f"{name} is not installed: install lmgeo with its requirements" for name in REQUIRED if not found[name]]
    if package_version("faiss-gpu") and package_version("faiss-cpu"):
        faults.append("faiss-cpu and faiss-gpu are both installed and shadow one another: uninstall one")
    if os.environ.get("KMP_DUPLICATE_LIB_OK"):
        faults.append("KMP_DUPLICATE_LIB_OK is set: two OpenMP runtimes may give wrong numbers; unset it")
    return faults
