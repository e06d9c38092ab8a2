"""What every page carries inside: its own files, and the library that draws."""

from __future__ import annotations

import re
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


@cache
def colours(dark: bool = False) -> dict[str, str]:
    """The page's colours by name (`--ink` → `#1b2330`), as colours.css holds them, light first."""
    pairs = re.findall(r"(--[\w-]+): light-dark\((#[0-9a-fA-F]+), (#[0-9a-fA-F]+)\)", page_file("colours.css"))
    return {name: darker if dark else lighter for name, lighter, darker in pairs}


def coloured(text: str) -> str:
    """A text with the page's light colours in place of their names: pictures know no style sheet."""
    return re.sub(r"var\((--[\w-]+)\)", lambda name: colours()[name[1]], text)
