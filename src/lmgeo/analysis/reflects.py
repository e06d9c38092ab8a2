"""What each measure reflects: the share of its variance that every training choice explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lmgeo.analysis.choice_effects import choice_effects
from lmgeo.analysis.choices import Choice, read_choices, used
from lmgeo.analysis.columns import numbers
from lmgeo.analysis.data import Data
from lmgeo.analysis.rows import LEAST_ROWS, alike, is_constant
from lmgeo.analysis.shares import ORDERS, Design, Shares, design, share_out
from lmgeo.core.arrays import ndarray
from lmgeo.numerics.shapley import EXACT_UP_TO
from lmgeo.numerics.threads import one_thread

_EXACT = 1e-12  # share left of a response below which the choices determine it
_EMPTY = {
    "df": 0, "type2_share": None, "p": None, "shapley": None, "effect": None, "effect_ci": None, "with_size": None
}  # fmt: skip


def reflects(data: Data) -> list[dict[str, Any]]:
    """One entry a measure, and a last one for the target (`"target": true`).

    Each gives `r2` of all choices together and, a choice: `type2_share` (the sum of squares it adds
    to all other choices, over the total) with its F test's `p`; `shapley` (its share of R²
    averaged over all orders of entering); `effect` with its interval (see `choice_effects`); and
    `with_size`, what its interaction with model size adds. A choice that the others determine has no
    type II share, and a reason. [] without choices.
    """
    choices = read_choices(data)
    if not choices:
        return []
    kept, complete = used(choices)
    responses = {f"measure {name}": values for name, values in data.measures.items()}
    responses["target"] = data.target
    with one_thread():
        found = _explained(data, kept, np.broadcast_to(complete, data.n), responses) if kept else {}
    named = [*data.measures, data.target_name]
    entries = []
    for (key, values), name in zip(responses.items(), named, strict=True):
        parts = found.get(key, f"no choice can be used: {choices[0].reason}")
        entry = {"measure": name, **_entry(parts, values, choices, data.size)}
        entries.append({**entry, "target": True} if key == "target" else entry)
    return entries


# What was found of one response: how many rows, the shares and the effects; or why nothing was.
_Found = tuple[int, Shares, list[dict[str, Any]]] | str


def _explained(
    data: Data, kept: list[Choice], complete: ndarray, responses: Mapping[str, ndarray]
) -> dict[str, _Found]:
    size = numbers(data.table, data.size) if data.size else None
    if size is not None and not np.isfinite(size[complete]).all():
        size = None
    found: dict[str, _Found] = {}
    designs: list[Design] = []
    for names, rows in alike(responses, complete):
        reasons = {name: _obstacle(responses[name][rows], data.target_name, name) for name in names}
        found |= {name: reason for name, reason in reasons.items() if reason}
        sound = [name for name in names if reasons[name] is None]
        if sound:
            designs.append(design(sound, rows, [responses[name] for name in sound], kept, size))
    shares = share_out(designs, [choice.width for choice in kept], data.seed) if designs else {}
    for one in designs:
        effects = choice_effects(kept, one.rows, data.clusters, list(one.responses.T))
        n = int(one.rows.sum())
        found |= {name: (n, shares[name], of_one) for name, of_one in zip(one.names, effects, strict=True)}
    return found


def _obstacle(values: ndarray, target: str, name: str) -> str | None:
    if len(values) < LEAST_ROWS:
        return f"{len(values)} rows with every choice; at least {LEAST_ROWS} are needed"
    what = f"{target!r}" if name == "target" else "the measure"
    return f"{what} is constant" if is_constant(values) else None


def _entry(found: _Found, values: ndarray, choices: list[Choice], size: str | None) -> dict[str, Any]:
    names = [{"choice": choice.name, "kind": choice.kind} for choice in choices]
    n = int(np.isfinite(values).sum()) if isinstance(found, str) else found[0]
    reason = found if isinstance(found, str) else _too_few(n, found[1])
    if isinstance(found, str) or reason:
        return {"n": n, "r2": None, "choices": [{**name, **_EMPTY} for name in names], "reason": reason}
    _, shares, effects = found
    size = size if shares.crossed else None
    entry: dict[str, Any] = {"n": n, "r2": 1.0 - shares.left, "choices": []}
    if len(effects) > EXACT_UP_TO:
        entry["shapley_orders"] = ORDERS
    place = iter(range(len(effects)))
    for choice, name in zip(choices, names, strict=True):
        if choice.reason:
            entry["choices"].append({**name, **_EMPTY, "reason": choice.reason})
            continue
        i = next(place)
        crossed = _with_size(n, shares, i) if size and size != choice.name else None
        entry["choices"].append({**name, **effects[i], **_part(n, shares, i), "with_size": crossed})
    return entry


def _too_few(n: int, shares: Shares) -> str | None:
    return f"{n} rows for {shares.rank + 1} coefficients; too few" if n < shares.rank + 2 else None


def _part(n: int, shares: Shares, i: int) -> dict[str, Any]:
    share, df = shares.type2[i]
    part = {"df": df, "type2_share": None, "p": None, "shapley": shares.shapley[i]}
    if df == 0:
        return {**part, "reason": "the other choices determine it, or it is constant on these rows"}
    part |= {"type2_share": max(0.0, share), "p": _p(share, df, shares.left, n - 1 - shares.rank)}
    return part if part["p"] is not None else {**part, "reason": "the choices determine the values: nothing is left"}


def _with_size(n: int, shares: Shares, i: int) -> dict[str, Any] | None:
    """What the interaction adds; None where the rows do not tell it from the choices themselves."""
    (share, df), (left, rank) = shares.crossed[i], shares.left_crossed[i]
    p = _p(share, df, left, n - 1 - rank)
    return {"share": max(0.0, share), "p": p} if df and n - 1 - rank > 0 else None


def _p(share: float, df: int, left: float, residual_df: int) -> float | None:
    """p of the F test that a sum of squares is nothing but noise."""
    from scipy.special import fdtrc

    if df < 1 or residual_df < 1 or left <= _EXACT:
        return None
    return float(fdtrc(df, residual_df, max(0.0, share) / df / (left / residual_df)))
