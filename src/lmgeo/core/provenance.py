"""What a result was made with, for the record; none of it is part of any key."""

from __future__ import annotations

import platform
import sys
from datetime import UTC, datetime
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lmgeo.core.plugins import loaded_plugins

PACKAGES = ("lmgeo", "torch", "transformers", "faiss-cpu", "numpy", "scipy")


def package_version(name: str) -> str | None:
    """A distribution's version, or None when it is not installed; imports nothing."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


@lru_cache(maxsize=1)
def versions() -> dict[str, str | None]:
    """Versions of Python and of the packages that move numbers."""
    return {"python": platform.python_version(), **{name: package_version(name) for name in PACKAGES}}


def provenance() -> dict[str, Any]:
    """Versions, platform and the time of making, and the plugins that were loaded, if any."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    plugins = [file.to_json() for file in loaded_plugins()]
    made = {"made": now, "platform": sys.platform, "machine": platform.machine(), **versions()}
    return {**made, **({"plugins": plugins} if plugins else {})}
