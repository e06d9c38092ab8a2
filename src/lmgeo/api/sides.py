"""The two things that `compare` sets against each other, as one writes them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from lmgeo.api.measuring import CLOUD_SUFFIXES
from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.spec.call import parse_call

UNTRAINED = "untrained"
_SITE = re.compile(r"embeddings|final|final_prenorm|block\.\d+")
_PART = re.compile(r"\w[\w.-]*")


@dataclass(frozen=True)
class Named:
    """A side as it was named.

    Attributes:
        source: a checkpoint folder, `hf:ID[@REVISION]` or a cloud file.
        part: the site, or the array's name in its file; "" where none was named.
        untrained: the seed of the untrained twin of `source` that is meant; None: `source` itself.
    """

    source: str
    part: str = ""
    untrained: int | None = None

    @property
    def is_file(self) -> bool:
        """Whether it is a file of clouds."""
        return Path(self.source).suffix.lower() in CLOUD_SUFFIXES and not Path(self.source).is_dir()


def read_sides(a: str, b: str) -> tuple[Named, Named]:
    """`MODEL[:SITE]` or `FILE[:ARRAY]`, twice; the second may be A's twin: `untrained`, `untrained(seed=3)`.

    Raises:
        SpecError, UnknownName: what neither is.
    """
    first = _read(a)
    if re.match(rf"{UNTRAINED}\b", a) and not Path(first.source).exists():
        raise SpecError(f"{a!r} stands first", "name the model first, then its untrained twin")
    if not re.match(rf"{UNTRAINED}\b", b) or Path(b).exists():
        second = _read(b)
    elif first.is_file:
        raise SpecError(f"a cloud file like {a!r} has no untrained twin", "name a model first")
    else:
        text, part = _split(b)
        second = Named(first.source, part or first.part, _seed(text))
    if first.is_file != second.is_file:
        raise SpecError(f"{a!r} and {b!r} are a model and a file", "compare two models, or two cloud files")
    return first, second


def _read(text: str) -> Named:
    if Path(text).expanduser().exists():
        return Named(text)
    return Named(*_split(text))


def _split(text: str) -> tuple[str, str]:
    """What stands before the last colon and behind it, where that names a site or an array of a file."""
    source, colon, part = text.rpartition(":")
    if not colon or not source or source == "hf":
        return text, ""
    is_file = Path(source).suffix.lower() in CLOUD_SUFFIXES
    if _SITE.fullmatch(part) or (is_file and _PART.fullmatch(part)):
        return source, part
    if Path(source).expanduser().is_dir() or source.startswith("hf:"):
        raise UnknownName.among("site", part, ("embeddings", "block.0", "final_prenorm", "final"), where=text)
    return text, ""


def _seed(text: str) -> int:
    name, settings = parse_call(text, "side")
    if name != UNTRAINED:
        raise UnknownName.among("side", name, [UNTRAINED])
    for setting in settings:
        if setting != "seed":
            raise UnknownName.among("setting", setting, ["seed"], where=repr(text))
    seed = settings.get("seed", 0)
    if not isinstance(seed, int) or isinstance(seed, bool) or seed < 0:
        raise SpecError(f"{text!r}: seed is {seed!r}", "give a whole number from 0 on")
    return seed
