"""What one measure of one object gives: a value that explains itself."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Measurement:
    """One value with its unit, range and uncertainty, or null with the reason.

    Attributes:
        value: the value, or None where it could not be computed.
        unit: the unit's name; "1" for a pure number.
        range: least and greatest possible value; None where there is no bound.
        direction: what a higher value means, in words.
        spread: standard deviation (ddof 1) over the seeds or subsamples used; None if one.
        seeds: how many seeded runs the value is the mean of.
        reason: why there is no value; None when there is one.
        version: of the measure's definition; a new one is a new result.
        details: what a reader needs to judge the value (dropped rows, logs, windows).
        nulls: the same measure of clouds to read the value against, where they were asked for.
    """

    value: float | None
    unit: str
    range: tuple[float | None, float | None]
    direction: str
    spread: float | None = None
    seeds: int = 1
    reason: str | None = None
    version: int = 1
    details: dict[str, Any] = field(default_factory=dict)
    nulls: dict[str, float | None] | None = None

    def to_json(self) -> dict[str, Any]:
        """The JSON form that the commands print and the store keeps."""
        raw = {name: getattr(self, name) for name in self.__dataclass_fields__}
        raw |= {"range": list(self.range), "details": dict(self.details)}
        return raw if self.nulls is not None else {key: value for key, value in raw.items() if key != "nulls"}

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Measurement:
        """The inverse of `to_json`."""
        return cls(**{**raw, "range": tuple(raw["range"])})
