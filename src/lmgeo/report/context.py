"""What a page says beside the table and the estimates: plain values, all optional."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class ReportContext:
    """Everything about a study that its table does not hold. The defaults suit a bare CSV.

    Attributes:
        title: heading of the page.
        source: what was read (a store's or a table's name).
        study: the study's text as written, shown folded away.
        settings: what ran, label → value, in the order shown (`corpus` → `pydocs`).
        protocol: the quantizer protocol's settings by name.
        counts: cells of the plan: `total done running failed missing`.
        seconds: time spent, by phase.
        failures: failed cells: `cell`, `error`, `mend`.
        missing_values: values that could not be had: `model`, `measure`, `reason`.
        measures: definitions by column or bare name: `description unit range direction cite`.
        nulls: measures of structureless clouds, by column: `gaussian`, `shuffled`.
        provenance: versions and the like, label → value.
        notes: further remarks, listed with the caveats.
        command: the command that makes this page again.
        keys: where values came from: by model and column, the content keys in the store.
        records: by model, the store's files that hold its values.
        steps: a row a checkpoint of the runs; None: the table's own steps, if it has any.
    """

    title: str = "Geometry and performance"
    source: str = ""
    study: str = ""
    settings: Mapping[str, Any] = field(default_factory=dict)
    protocol: Mapping[str, Any] = field(default_factory=dict)
    counts: Mapping[str, int] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    failures: Sequence[Mapping[str, str]] = ()
    missing_values: Sequence[Mapping[str, str]] = ()
    measures: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    nulls: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    provenance: Mapping[str, Any] = field(default_factory=dict)
    notes: Sequence[str] = ()
    command: str = ""
    keys: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)
    records: Mapping[str, Sequence[str]] = field(default_factory=dict)
    steps: pd.DataFrame | None = None
