"""Language-model geometry: measure it, perturb it, and ask what it says about performance.

Everything here is loaded when it is first used; importing the package costs nothing.
"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

from lmgeo.core.environment import spin_briefly as _spin_briefly

_spin_briefly()  # before anything loads a library with threads of its own

_HOMES = {
    "compare": "lmgeo.api.comparing",
    "language_loss": "lmgeo.api.losses",
    "load_plugins": "lmgeo.api.plugins",
    "measure": "lmgeo.api.measuring",
    "measure_file": "lmgeo.api.measuring",
    "measure_model": "lmgeo.api.measuring",
    "weights": "lmgeo.api.weighing",
    "evaluate": "lmgeo.api.models",
    "Monitor": "lmgeo.api.monitoring",
    "GeometryWarning": "lmgeo.api.monitoring",
    "callback": "lmgeo.api.monitoring",
    "perturb": "lmgeo.api.models",
    "pretrain": "lmgeo.api.models",
    "run_study": "lmgeo.api.studies",
    "status": "lmgeo.api.studies",
    "analyze": "lmgeo.api.analysing",
    "report": "lmgeo.api.analysing",
    "verify": "lmgeo.api.verifying",
}
__all__ = sorted(_HOMES)  # noqa: PLE0605


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"lmgeo has no {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return __all__


class _Package(ModuleType):
    """Keeps `lmgeo.report` and `lmgeo.perturb` the functions, though folders bear these names too."""

    def __setattr__(self, name: str, value: Any) -> None:
        # importing a folder binds it to its name here; `from lmgeo.report.page import …` needs no such binding
        if not (name in _HOMES and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
