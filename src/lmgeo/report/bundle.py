"""What every page carries inside: its own files, and the library that draws."""

from __future__ import annotations

from functools import cache
from importlib import resources


@cache
def page_file(name: str) -> str:
    """A file that lies beside this one, as text."""
    return resources.files("lmgeo.report").joinpath(name).read_text(encoding="utf-8")


@cache
def vega() -> str:
    """Vega, Vega-Lite and Vega-Embed as one script that sets `vegaEmbed`."""
    import vl_convert

    return str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")).replace("</script", "<\\/script")
