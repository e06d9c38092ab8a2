"""`name(key=value,…)`: a name with settings, as one writes it on a command line or in a list."""

from __future__ import annotations

import re
from typing import Any

from lmgeo.core.errors import SpecError

_WORDS: dict[str, Any] = {"none": None, "null": None, "true": True, "false": False}
_INTEGER = re.compile(r"[+-]?\d+")
_QUOTES = "close the bracket; in YAML's {…} and […] the whole must stand in quotes, for a comma ends a value there"


def parse_call(text: str, noun: str) -> tuple[str, dict[str, Any]]:
    """`"default(bits=6, seeds=none)"` → `("default", {"bits": 6, "seeds": None})`; nothing is evaluated.

    Args:
        text: the name, alone or with settings in brackets. Values are whole numbers, true, false, none, or words.
        noun: what it names, for messages.

    Raises:
        SpecError: brackets that do not close, a setting without a value, or one that stands twice.
    """
    name, bracket, rest = text.strip().partition("(")
    if ")" in name or (bracket and not rest.endswith(")")):
        raise SpecError(f"{noun} {text!r} has brackets that do not match", _QUOTES)
    settings: dict[str, Any] = {}
    inside = rest[:-1].strip()
    for part in inside.split(",") if inside else []:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not key or not equals or not value:
            raise SpecError(f"{noun} {text!r}: {part.strip()!r} is no key=value", "write e.g. name(key=3,other=none)")
        if key in settings:
            raise SpecError(f"{noun} {text!r} sets {key!r} twice", "keep one of them")
        settings[key] = _value(value)
    return name.strip(), settings


def format_call(name: str, settings: dict[str, Any]) -> str:
    """The one way to write it: settings sorted by name, without spaces; the name alone where there is none."""
    words = {None: "none", True: "true", False: "false"}
    shown = [f"{key}={words[v] if v is None or isinstance(v, bool) else v}" for key, v in sorted(settings.items())]
    return f"{name}({','.join(shown)})" if shown else name


def _value(text: str) -> Any:
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    return int(text) if _INTEGER.fullmatch(text) else text
