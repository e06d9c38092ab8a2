"""Where what can be made again is kept between runs."""

from __future__ import annotations

import os
from pathlib import Path

CACHE_VARIABLE = "LMGEO_CACHE"


def cache_folder() -> Path:
    """`$LMGEO_CACHE`, else `lmgeo` in `$XDG_CACHE_HOME` or `~/.cache`; it need not be there yet."""
    own = os.environ.get(CACHE_VARIABLE)
    if own:
        return Path(own).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path("~/.cache").expanduser()) / "lmgeo"
