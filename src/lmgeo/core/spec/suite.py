"""A suite: training runs around one configuration, one choice changed at a time."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lmgeo.core.errors import SpecError, suggestion
from lmgeo.core.identity import content_key
from lmgeo.core.spec.base import validate
from lmgeo.core.spec.document import Document, KeyPath
from lmgeo.core.spec.pretrain import PretrainSpec

DEFAULT = "default"
_KEYS = ("base", "each", "vary", "seeds")


@dataclass(frozen=True)
class SuiteRun:
    """One run of a suite.

    Attributes:
        spec: its training, fully determined.
        name: unique in the suite: the values of `each`, the configuration, the seed where several are used.
        configuration: what differs from the base, whatever `each` and the seed: `default`, or `batch_size=64`.
    """

    spec: PretrainSpec
    name: str
    configuration: str


def suite_runs(raw: Any, document: Document, path: KeyPath) -> list[SuiteRun]:
    """The runs that a suite's block stands for, each once.

    Args:
        raw: a block of `base` (a training spec without axes), `each` (choices crossed with everything, such as
            size: a full grid), `vary` (a list of choices changed one at a time; several keys in one entry change
            together, value by value) and `seeds` (of the base's configuration; the first is every other run's).
        document: that it stands in.
        path: where in it.

    A value that is the base's own, as the middle of an axis is, gives the base again and counts once.

    Raises:
        SpecError, UnknownName: with the line.
    """
    if not isinstance(raw, Mapping):
        raise SpecError(f"{document.where(path)} is {raw!r}, not a block", f"give {', '.join(_KEYS)}")
    for key in raw:
        if key not in _KEYS:
            raise SpecError(f"{document.where((*path, key))}: unknown key {key!r}", suggestion(str(key), _KEYS))
    base = _mapping(raw, "base", document, path)
    seeds = _list(raw.get("seeds", [base.get("seed", 0)]), document, (*path, "seeds"))
    found: dict[str, SuiteRun] = {}
    for fixed in _grid(_mapping(raw, "each", document, path), document, (*path, "each")):
        for place, change, seed in _changes(raw.get("vary", []), seeds, document, (*path, "vary")):
            spec = validate(PretrainSpec, {**base, **fixed, "seed": seed, **change}, document, place or (*path, "base"))
            run = _run(spec, validate(PretrainSpec, {**base, **fixed}, document, (*path, "base")), fixed, change, seeds)
            found.setdefault(content_key(spec.resolved()), run)
    return list(found.values())


def _changes(
    vary: Any, seeds: list[Any], document: Document, path: KeyPath
) -> Iterator[tuple[KeyPath, dict[str, Any], Any]]:
    """Every change of the base, first of all none at all under each seed; with where it is written."""
    for seed in seeds:
        yield (), {}, seed
    for i, axis in enumerate(_list(vary, document, path) if vary else []):
        place = (*path, i)
        if not isinstance(axis, Mapping) or not axis:
            raise SpecError(f"{document.where(place)} is {axis!r}, not a block", "give choices with lists of values")
        for values in _in_step(axis, document, place):
            yield place, values, seeds[0]


def _in_step(axis: Mapping[str, Any], document: Document, path: KeyPath) -> list[dict[str, Any]]:
    """The values of one entry of `vary`, side by side."""
    lists = {key: _list(values, document, (*path, key)) for key, values in axis.items()}
    lengths = {key: len(values) for key, values in lists.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"{key} has {n}" for key, n in lengths.items())
        raise SpecError(f"{document.where(path)}: {said} values", "choices that change together need as many values")
    return [dict(zip(lists, values, strict=True)) for values in zip(*lists.values(), strict=True)]


def _grid(each: Mapping[str, Any], document: Document, path: KeyPath) -> list[dict[str, Any]]:
    """The product of the lists of `each`."""
    lists = {key: _list(values, document, (*path, key)) for key, values in each.items()}
    return [dict(zip(lists, point, strict=True)) for point in itertools.product(*lists.values())]


def _run(
    spec: PretrainSpec, base: PretrainSpec, fixed: dict[str, Any], change: dict[str, Any], seeds: list[Any]
) -> SuiteRun:
    new, old = spec.resolved(), base.resolved()
    changed = [f"{key}={value}" for key, value in change.items() if new.get(key) != old.get(key)]
    configuration = ",".join(changed) or DEFAULT
    parts = [*(str(value) for value in fixed.values()), configuration]
    if len(seeds) > 1 and spec.seed != seeds[0]:
        parts.append(f"seed={spec.seed}")
    return SuiteRun(spec, "/".join(parts), configuration)


def _mapping(raw: Mapping[str, Any], key: str, document: Document, path: KeyPath) -> Mapping[str, Any]:
    value = raw.get(key) or {}
    if not isinstance(value, Mapping):
        raise SpecError(f"{document.where((*path, key))} is {value!r}, not a block", "give training choices")
    return value


def _list(value: Any, document: Document, path: KeyPath) -> list[Any]:
    if not isinstance(value, list) or not value:
        raise SpecError(f"{document.where(path)} is {value!r}, not a list of values", "write it in [ ]")
    return value
