"""Independent packages that values are compared with: without one its tests are skipped, but never in CI."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from types import ModuleType

import pytest


@pytest.fixture(scope="session")
def oracle() -> Callable[[str], ModuleType]:
    """Imports a package by name."""

    def load(name: str) -> ModuleType:
        if os.environ.get("CI") == "true":
            return importlib.import_module(name)
        return pytest.importorskip(name)

    return load
