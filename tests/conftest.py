"""What every test shares: shapes checked as annotated, and the optional data folder."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

SHARED = Path(__file__).resolve().parents[2] / "shared"

# Shapes in annotations are checked on every call made by a test.
install_import_hook(["lmgeo.numerics", "lmgeo.states", "lmgeo.measures", "lmgeo.represent"], "beartype.beartype")


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data beside the checkout; a test that needs it must not skip in CI."""
    if not SHARED.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the data folder {SHARED.name!r} is missing in CI")
        pytest.skip("the data folder is not beside this checkout")
    return SHARED
