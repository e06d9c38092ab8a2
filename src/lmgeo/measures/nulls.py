"""Null references: the same measures of clouds that share less and less with the one at hand."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.compute import measure_cloud
from lmgeo.numerics.nulls import NULLS
from lmgeo.states.rows import Rows

Values = Mapping[str, float | None]


def null_values(
    rows: np.ndarray,
    names: Sequence[str],
    protocol: QuantizerProtocol,
    seed: int,
    progress: Progress = silent,
    device: str = "cpu",
) -> dict[str, Values]:
    """Every named measure of a Gaussian of the same mean and covariance, and of a coordinate-shuffled copy.

    Args:
        rows: (n, d) of the cloud; of more rows than a reservoir holds, those that it keeps are taken.
        names: measures of clouds.
        protocol, seed: as of the cloud itself.

    Returns:
        `gaussian` and `shuffled`, each with a value, or None, for each measure.
    """
    rows = Rows.of_cloud(rows, seed=seed).matrix()  # the twins are made in memory
    found: dict[str, Values] = {}
    for kind, make in NULLS.items():
        try:
            measured = measure_cloud(make(rows, seed), names, protocol, seed, progress=progress, device=device)
            found[kind] = {name: m.value for name, m in measured.items()}
        except NotEnoughData:  # a cloud without a covariance has no such twin
            found[kind] = dict.fromkeys(names)
    return found


def with_nulls(found: Mapping[str, Measurement], nulls: Mapping[str, Values]) -> dict[str, Measurement]:
    """The measurements, each with the values of the null references beside it."""
    return {
        name: dataclasses.replace(m, nulls={**(m.nulls or {}), **{kind: v[name] for kind, v in nulls.items()}})
        for name, m in found.items()
    }
