"""What each measure reflects: the share of its variance that every training choice explains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lmgeo.analysis.choice_effects import choice_effects
from lmgeo.analysis.choices import Choice, read_choices, used
from lmgeo.analysis.columns import predictor
from lmgeo.analysis.data import Data
from lmgeo.analysis.one_thread import one_thread
from lmgeo.analysis.rows import LEAST_ROWS, alike, is_constant
from lmgeo.analysis.shares import ORDERS, Added, Products, Shares, products, share_out
from lmgeo.core.arrays import ndarray
from lmgeo.numerics.shapley import EXACT_UP_TO
from lmgeo.numerics.sweeps import unit_columns

_EXACT = 1e-12  # share left of a response below which the choices determine it
_EMPTY = {
    "df": 0, "type2_share": None, "p": None, "shapley": None, "effect": None, "effect_ci": None, "with_size": None,
    "curved": None,
}  # fmt: skip


def reflects(data: Data) -> list[dict[str, Any]]:
    """One entry a measure, and a last one for the target (`"target": true`).

    Each gives `r2` of all choices together and, a choice: `type2_share` (the sum of squares it adds
    to all other choices, over the total) with its F test's `p`; `shapley` (its share of R²
    averaged over all orders of entering); `effect` with its interval (see `choice_effects`);
    `with_size`, what its interaction with model size adds; and `curved`, what a number adds when it
    may take any course and not a straight line alone. A choice that the others determine has no type
    II share, and a reason. [] without choices.
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
    size = predictor(data.table, data.size) if data.size else None
    if size is not None and not np.isfinite(size[complete]).all():
        size = None
    found: dict[str, _Found] = {}
    of_rows: list[Products] = []
    rest: dict[str, tuple[int, list[dict[str, Any]]]] = {}
    for names, rows in alike(responses, complete):
        reasons = {name: _obstacle(responses[name][rows], data.target_name, name) for name in names}
        found |= {name: reason for name, reason in reasons.items() if reason}
        sound = [name for name in names if reasons[name] is None]
        if sound:
            # one by one: numpy sums a single column in another order than one of several
            units = [unit_columns(responses[name][rows][:, None])[:, 0] for name in sound]
            of_rows.append(products(sound, units, rows, kept, size))
            effects = choice_effects(kept, rows, data.clusters, units)
            rest |= {name: (int(rows.sum()), of_one) for name, of_one in zip(sound, effects, strict=True)}
    shares = share_out(of_rows, [choice.width for choice in kept], data.seed)
    return found | {name: (n, shares[name], of_one) for name, (n, of_one) in rest.items()}


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
    entry: dict[str, Any] = {"n": n, "r2": 1.0 - shares.left, "choices": []}
    if len(effects) > EXACT_UP_TO:
        entry["shapley_orders"] = ORDERS
    place = iter(range(len(effects)))
    for choice, name in zip(choices, names, strict=True):
        if choice.reason:
            entry["choices"].append({**name, **_EMPTY, "reason": choice.reason})
            continue
        i = next(place)
        further = {"with_size": None, "curved": _further(n, shares.curved[i])}
        if shares.crossed and size != choice.name:
            further["with_size"] = _further(n, shares.crossed[i])
        entry["choices"].append({**name, **effects[i], **_part(n, shares, i), **further})
    return entry


def _too_few(n: int, shares: Shares) -> str | None:
    return f"{n} rows for {shares.rank + 1} coefficients; too few" if n < shares.rank + 2 else None


def _part(n: int, shares: Shares, i: int) -> dict[str, Any]:
    added = shares.type2[i]
    part = {"df": added.df, "type2_share": None, "p": None, "shapley": shares.shapley[i]}
    if added.df == 0:
        return {**part, "reason": "the other choices determine it, or it is constant on these rows"}
    part |= {"type2_share": added.share, "p": _p(added, n)}
    return part if part["p"] is not None else {**part, "reason": "the choices determine the values: nothing is left"}


def _further(n: int, added: Added) -> dict[str, Any] | None:
    """What further predictors add; None where the rows do not tell them from the choices themselves."""
    return {"share": added.share, "p": _p(added, n)} if added.df and n - 1 - added.rank > 0 else None


def _p(added: Added, n: int) -> float | None:
    """p of the F test that what was added is nothing but noise."""
    from scipy.special import fdtrc

    freedom = n - 1 - added.rank
    if added.df < 1 or freedom < 1 or added.left <= _EXACT:
        return None
    return float(fdtrc(added.df, freedom, added.share / added.df / (added.left / freedom)))
