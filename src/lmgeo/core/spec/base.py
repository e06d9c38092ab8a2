"""What every spec shares: no unknown keys, errors that name the line, lists as axes."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ConfigDict, ValidationError

from lmgeo.core.errors import SpecError, UnknownName, suggestion
from lmgeo.core.spec.document import Document, KeyPath


class Strict(BaseModel):
    """A spec: frozen, and an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    def resolved(self) -> dict[str, Any]:
        """Every field with its default filled in, as plain JSON: what keys are hashed from."""
        return self.model_dump(mode="json")


S = TypeVar("S", bound=Strict)
MOST_THREADS = 256  # of one process; OpenMP ends it where it cannot have as many as it is told to


def validate(
    spec: type[S], raw: Any, document: Document, path: KeyPath = (), places: Mapping[str, KeyPath] | None = None
) -> S:
    """`raw` as a `spec`, or one error that shows the value, the line and the mend.

    Args:
        spec: the class.
        raw: the block.
        document: that it stands in.
        path: where in it.
        places: of keys that stand elsewhere in it, where.
    """
    if not isinstance(raw, Mapping):
        raise SpecError(
            f"{document.where(path)} is {raw!r}, not a block of keys", f"give some of: {', '.join(spec.model_fields)}"
        )
    elsewhere = places or {}
    _refuse_switches(spec, raw, document, path, elsewhere)
    try:
        return spec.model_validate(dict(raw))
    except ValidationError as error:
        raise _plain_error(spec, error, document, path, elsewhere) from error


def _place(path: KeyPath, loc: Sequence[str | int], places: Mapping[str, KeyPath]) -> KeyPath:
    """The path of a part of a block, some of whose keys may stand elsewhere."""
    return (*places[str(loc[0])], *loc[1:]) if loc and loc[0] in places else (*path, *loc)


def _refuse_switches(
    spec: type[Strict], raw: Mapping[str, Any], document: Document, path: KeyPath, places: Mapping[str, KeyPath]
) -> None:
    """`seed: yes` is a slip: YAML reads it as true, and a number field would take that for 1."""
    for key, value in raw.items():
        if key not in spec.model_fields:
            continue
        if isinstance(value, Mapping):
            for inner in _blocks(spec, key):
                _refuse_switches(inner, value, document, _place(path, [key], places), {})
        if not isinstance(value, bool):
            continue
        kind = spec.model_fields[key].annotation
        if {int, float} & {kind, *get_args(kind)} and bool not in (kind, *get_args(kind)):
            where = document.where(_place(path, [key], places))
            raise SpecError(f"{where} is {value!r}, not a number", "write a number")


def _plain_error(
    spec: type[Strict], error: ValidationError, document: Document, path: KeyPath, places: Mapping[str, KeyPath]
) -> SpecError:
    errors = error.errors(include_url=False)
    # a misspelt key is also a missing one; the slip is the better news
    first = next((e for e in errors if e["type"] == "extra_forbidden"), errors[0])
    where = document.where(_place(path, first["loc"], places))
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        torn = ")" in key and "(" not in key  # by a comma inside {…}
        mend = (
            "put a value with commas in it in quotes"
            if torn
            else suggestion(key, _innermost(spec, first["loc"]).model_fields)
        )
        return SpecError(f"{where}: unknown key {key!r}", mend)
    if first["type"] == "missing":
        return SpecError(f"{where} is missing", f"add {first['loc'][-1]!r}")
    message = first["msg"].removeprefix("Value error, ")
    if not first["loc"]:  # of several keys together: the message names them, and the whole block would drown it
        what, *advice = re.split(r": (?=give |choose |did you mean )", message, maxsplit=1)
        return SpecError(f"{where}: {what}", advice[0] if advice else "correct the block")
    return SpecError(f"{where} is {first['input']!r}: {message}", _correction(spec, first))


def _correction(spec: type[Strict], error: Any) -> str:
    """The mend for a wrong value; the near name where it is one of a few words."""
    if error["type"] != "literal_error" or len(error["loc"]) != 1 or not isinstance(error["input"], str):
        return "correct the value"
    words = get_args(spec.model_fields[error["loc"][0]].annotation)
    return f"correct the value: {suggestion(error['input'], map(str, words))}"


def is_list_field(spec: type[Strict], name: str) -> bool:
    """Whether a field holds a list or a block by nature, so that a list there is no axis."""
    return get_origin(spec.model_fields[name].annotation) in (list, tuple, dict) or bool(_blocks(spec, name))


def _blocks(spec: type[Strict], name: str) -> list[type[Strict]]:
    """The spec that a field holds, alone or beside None; none for a plain field."""
    kind = spec.model_fields[name].annotation
    return [k for k in (kind, *get_args(kind)) if isinstance(k, type) and issubclass(k, Strict)]


def _innermost(spec: type[Strict], loc: Sequence[str | int]) -> type[Strict]:
    """The spec whose key the last part of `loc` is: the block within a block, where there is one."""
    for part in loc[:-1]:
        inner = _blocks(spec, part) if isinstance(part, str) and part in spec.model_fields else []
        spec = inner[0] if inner else spec
    return spec


def expand_axes(spec: type[S], raw: Any, document: Document, path: KeyPath = ()) -> list[S]:
    """The grid a block stands for: every list under a scalar field is an axis.

    Args:
        spec: the class of one point of the grid.
        raw: the block as written, e.g. `{"alpha": [0, 20], "seed": [1, 2]}`.
    """
    if not isinstance(raw, Mapping):
        return [validate(spec, raw, document, path)]
    axes = [k for k, v in raw.items() if k in spec.model_fields and isinstance(v, list) and not is_list_field(spec, k)]
    for key in axes:
        if not raw[key]:
            raise SpecError(f"{document.where((*path, key))} is an empty list", "give at least one value")
    points = itertools.product(*(raw[k] for k in axes))
    return [validate(spec, {**raw, **dict(zip(axes, point, strict=True))}, document, path) for point in points]


def one_kind(raw: Any, known: list[str], document: Document, path: KeyPath, noun: str) -> str:
    """The one of `known` that a `{kind: settings}` block uses; `noun` names it in messages."""
    if not isinstance(raw, Mapping):
        raise SpecError(f"{document.where(path)} is {raw!r}, not a block", f"start it with one of: {', '.join(known)}")
    found = [k for k in raw if k in known]
    if len(found) == 1:
        return found[0]
    if found:
        raise SpecError(f"{document.where(path)} holds {' and '.join(found)}", f"write one {noun} an entry")
    wrong = next(iter(raw), "")
    raise UnknownName.among(noun, str(wrong), known, document.where((*path, wrong) if wrong else path))
