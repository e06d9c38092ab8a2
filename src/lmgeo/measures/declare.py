"""The declaration of a measure, which drives its tests, its listing and its columns."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from lmgeo.core.errors import SpecError
from lmgeo.core.guard import guarded
from lmgeo.core.measurement import Measurement
from lmgeo.core.plugins import current_origin
from lmgeo.core.registry import Registry

Bound = float | int | str | None  # int apart: shape checking does not promote it
INVARIANCES = frozenset({"shift", "rotation", "scale", "duplicate"})

# What a symbolic bound means for n rows of d columns; `k` is the greatest possible rank.
SYMBOLS: dict[str, Callable[[int, int, int], float]] = {
    "n": lambda n, d, k: n,
    "d": lambda n, d, k: d,
    "r": lambda n, d, k: min(n, d),
    "min(n-1, d)": lambda n, d, k: k,
    "((r-1)/r)^2": lambda n, d, k: ((min(n, d) - 1) / min(n, d)) ** 2 if min(n, d) else 0.0,
}


@dataclass(frozen=True)
class Valued:
    """A value with what a reader needs to judge it (dropped rows, notes, logs)."""

    value: float
    details: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Measure:
    """One declared measure.

    Attributes:
        name: as in columns, JSON and globs.
        function: of one state; gives a float or a `Valued`, or raises `NotEnoughData`.
        state: the class that `function` takes.
        unit: the unit's name; "1" for a pure number.
        range: least and greatest value: a number, a symbol of `SYMBOLS`, or None.
        keeps: what leaves the value unchanged, of `INVARIANCES`.
        direction: what a higher value means.
        cite: where the definition comes from; "" for a textbook one.
        version: of the definition; a new one makes new results.
        definition: one line.
        formula: the same as a formula, in plain text.
        matrix: whether it is defined for weight matrices.
        cloud: whether it is defined for clouds.
        extremes: whether it hangs on the farthest rows, as by a range that others are counted in.
        origin: whose it is where it is not lmgeo's own: a plugin's hash, or a package and its version.
    """

    name: str
    function: Callable[[Any], float | Valued]
    state: type
    unit: str
    range: tuple[Bound, Bound]
    keeps: frozenset[str]
    direction: str
    cite: str
    version: int
    definition: str
    formula: str = ""
    matrix: bool = False
    cloud: bool = True
    extremes: bool = False
    origin: str = ""

    def limits(self, n: int, d: int, centred: bool = True) -> tuple[float | None, float | None]:
        """The range in numbers for a cloud (or an uncentred matrix) of n rows and d columns."""
        low, high = (_number(bound, n, d, centred) for bound in self.range)
        return low, high

    def strays(self, value: float, n: int, d: int, centred: bool = True) -> str | None:
        """Why a value cannot be right: it is beyond the declared range by more than rounding; None where it is not."""
        low, high = self.limits(n, d, centred)
        slack = 1e-9 * max(1.0, abs(value))
        if (low is None or value >= low - slack) and (high is None or value <= high + slack):
            return None
        bounds = " … ".join("" if bound is None else f"{bound:.6g}" for bound in (low, high))
        whose = "; mend the plugin" if self.origin else ", which is a fault of ours"
        return f"came out as {value:.6g}, outside of its range {bounds.strip()}{whose}"

    def measurement(self, outcome: float | Valued, n: int, d: int, centred: bool = True, **extra: Any) -> Measurement:
        """`outcome` with this declaration; `extra` sets `spread`, `seeds` or `reason`."""
        valued = outcome if isinstance(outcome, Valued) else Valued(outcome)
        return Measurement(
            value=float(valued.value),
            unit=self.unit,
            range=self.limits(n, d, centred),
            direction=self.direction,
            version=self.version,
            details=dict(valued.details),
            **extra,
        )

    def missing(self, reason: str, n: int, d: int, centred: bool = True, **details: Any) -> Measurement:
        """The null measurement that says why there is no value."""
        return Measurement(
            value=None,
            unit=self.unit,
            range=self.limits(n, d, centred),
            direction=self.direction,
            reason=reason,
            version=self.version,
            details=details,
        )


def _number(bound: Bound, n: int, d: int, centred: bool) -> float | None:
    if not isinstance(bound, str):
        return None if bound is None else float(bound)
    rank = min(n - 1 if centred else n, d)
    return float(SYMBOLS[bound](n, d, rank))


MEASURES: Registry[Measure] = Registry("measure", "lmgeo.measures", group="lmgeo.measures")
COMPARISONS: Registry[Measure] = Registry("comparison", "lmgeo.measures", group="lmgeo.measures")

F = TypeVar("F", bound=Callable[[Any], Any])


def measure(
    *,
    state: type,
    unit: str,
    range: tuple[Bound, Bound],
    keeps: Iterable[str],
    direction: str,
    cite: str = "",
    version: int = 1,
    name: str | None = None,
    prefixes: Sequence[str] = ("",),
    formula: str = "",
    matrix: bool = False,
    cloud: bool = True,
    extremes: bool = False,
    registry: Registry[Measure] | None = None,
) -> Callable[[F], F]:
    """Register a function of one state as a measure, once for each prefix.

    Args:
        state: the class the function takes: a state, or what is derived from one.
        unit: the unit's name; "1" for a pure number.
        range: numbers, symbols of `SYMBOLS` ("d", "r", "min(n-1, d)" …), or None where unbounded.
        keeps: what leaves the value unchanged: "shift", "rotation", "scale", "duplicate".
        direction: what a higher value means, as "higher = …".
        cite: author and year of the definition.
        version: raise it when the definition changes.
        name: the name where it is not the function's own.
        prefixes: ("pq_", "lsq_") registers one function under two names.
        formula: one line of plain text with the usual signs.
        matrix: whether it is defined for weight matrices too.
        cloud: False for what is defined for weight matrices alone.
        extremes: True for what hangs on the farthest rows, whose spread does not shrink with more rows.
        registry: `COMPARISONS` for what is measured of two models; None: `MEASURES`.

    Raises:
        SpecError: no docstring, an unknown invariance or range symbol, or a name taken.
    """

    def register(function: F) -> F:
        stem = name or function.__name__
        definition = _definition(function, stem)
        _check(stem, frozenset(keeps), range)
        origin = current_origin()
        for prefix in prefixes:
            declared = Measure(
                name=prefix + stem, function=guarded(function) if origin else function, state=state, unit=unit,
                range=range, keeps=frozenset(keeps), direction=direction, cite=cite, version=version,
                definition=definition, formula=formula, matrix=matrix, cloud=cloud, extremes=extremes, origin=origin,
            )  # fmt: skip
            (MEASURES if registry is None else registry).add(declared.name, declared)
        return function

    return register


def _definition(function: Callable[[Any], Any], name: str) -> str:
    text = inspect.getdoc(function)
    if not text:
        raise SpecError(f"measure {name!r} has no docstring", "define it in one line under its `def`")
    return " ".join(text.split("\n\n")[0].split())


def _check(name: str, keeps: frozenset[str], bounds: tuple[Bound, Bound]) -> None:
    if not re.fullmatch(r"[^\W\d]\w*", name):  # it stands after the dot of a column, and in lists
        raise SpecError(f"measure {name!r} has a name of other signs", "use letters, digits and underscores alone")
    if len(bounds) != 2:
        raise SpecError(f"measure {name!r} declares range={bounds!r}", "give the least and the greatest value, or None")
    if unknown := keeps - INVARIANCES:
        raise SpecError(
            f"measure {name!r} declares keeps={sorted(unknown)}", f"choose among {', '.join(sorted(INVARIANCES))}"
        )
    for bound in bounds:
        if isinstance(bound, str) and bound not in SYMBOLS:
            raise SpecError(f"measure {name!r} declares the bound {bound!r}", f"choose among {', '.join(SYMBOLS)}")
