"""The states of every site, fed many rows at a time."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lmgeo.core.errors import SpecError
from lmgeo.represent.selection import Selection
from lmgeo.states.batch import RowBatch

ROWS_PER_UPDATE = 8_192  # a state's products are faster on many rows; so many of each site are held at once
States = dict[type, Any]
Settings = Mapping[type, Mapping[str, Any]]


class Filling:
    """Takes hidden states batch by batch and fills each site's states with their rows.

    Sites that are one place under two names (`final` and the last block, where there is no final
    norm) share their states.

    Args:
        settings: classes of states with keywords for their `empty`.
        label: the model, for messages.
    """

    def __init__(self, settings: Settings, label: str) -> None:
        self._settings = settings
        self._label = label
        self.rows = 0  # taken so far, of each site
        self._same: dict[str, str] = {}  # site → the first site with the same states
        self._pending: dict[str, list[RowBatch]] = {}
        self._held = 0
        self._states: dict[str, States] = {}

    def add(self, hidden: Mapping[str, Tensor], selection: Selection) -> None:
        """Take the selected rows of hidden states, each (B, T, d).

        Raises:
            SpecError: NaN or infinity among them.
        """
        if not self._same:
            self._same = _same_places(hidden)
            self._pending = {site: [] for site in dict.fromkeys(self._same.values())}
        for site, pending in self._pending.items():
            pending.append(selection.batch(hidden[site]))
        self.rows += len(selection)
        self._held += len(selection)
        if self._held >= ROWS_PER_UPDATE:
            self._flush()

    def finish(self) -> dict[str, States]:
        """The states of each site, in the order in which the sites came."""
        self._flush()
        return {site: self._states[first] for site, first in self._same.items() if first in self._states}

    def _flush(self) -> None:
        for site, pending in self._pending.items():
            if pending:
                self._update(site, joined(pending))
                pending.clear()
        self._held = 0

    def _update(self, site: str, rows: RowBatch) -> None:
        refuse_non_finite(rows.rows, f"{self._label} at {site}")
        states = self._states.setdefault(site, {})
        for kind, given in self._settings.items():
            if kind not in states:
                states[kind] = kind.empty(rows.d, **given)  # type: ignore[attr-defined]
            states[kind].update(rows)


def settings_of(states: Settings | Iterable[type], seed: int) -> dict[type, dict[str, Any]]:
    """Keywords for each class's `empty`, with the seed for those that take one."""
    given = states if isinstance(states, Mapping) else {kind: {} for kind in states}
    seeded = {kind: {"seed": seed} if "seed" in _parameters(kind) else {} for kind in given}
    return {kind: {**seeded[kind], **settings} for kind, settings in given.items()}


def _parameters(kind: type) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(kind.empty).parameters  # type: ignore[attr-defined]


def _same_places(hidden: Mapping[str, Tensor]) -> dict[str, str]:
    return {site: next(s for s, other in hidden.items() if other is state) for site, state in hidden.items()}


def joined(batches: list[RowBatch]) -> RowBatch:
    """Batches of tensors as one, in their order."""
    if len(batches) == 1:
        return batches[0]
    places = (np.concatenate([getattr(b, name) for b in batches]) for name in ("sequence", "position", "special"))
    return RowBatch(torch.cat([b.rows for b in batches]), *places)


def refuse_non_finite(rows: Tensor, where: str) -> None:
    """Refuse hidden states that no measure can be taken of.

    Raises:
        SpecError: NaN or infinity among them.
    """
    # the sum is finite unless an entry is not, or the sum overflows; only then is every entry looked at
    if not torch.isfinite(rows.sum()) and not torch.isfinite(rows).all():
        raise SpecError(f"the hidden states of {where} hold NaN or infinity", "look for it in the model's weights")
