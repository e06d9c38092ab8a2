"""What the columns of a table are: the name, factors, scores, or measures."""

from __future__ import annotations

import fnmatch
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.core.arrays import Float, ndarray
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.spec.blocks import FinetuneSpec
from lmgeo.core.spec.model import PretrainSpec

if TYPE_CHECKING:
    import pandas as pd

_FINETUNING = (*FinetuneSpec.model_fields, "train_examples", "eval_examples")
SETTINGS = (
    "corpus",
    "sequences",
    "sampling",
    "tokens",
    "sampling_seed",
    "protocol",
    *(f"finetune_{name}" for name in _FINETUNING),
)
_NOISE = ("alpha", "noise_seed", "rule", "scale", "gamma")
_CALIBRATION = ("calibration_corpus", "calibration_part", "calibration_sequences", "calibration_seed")
_QUANTIZATION = ("bits", "group_size", "act_order", *_CALIBRATION)
FACTORS = ("base", "family", "untrained", "kind", *_NOISE, *_QUANTIZATION, "step", *SETTINGS)
SEEDS = ("seed", "noise_seed", "pretrain_seed", "sampling_seed", "calibration_seed")
DIVERGED = "diverged"
BY_FACTORS = frozenset(
    {"parameters", "body_parameters", "flops", "pretrain_tokens", "trained_tokens", "batch_size", "learning_rate",
     "learning_rate_factor", "weight_decay", "final_fraction"}
)  # fmt: skip
CONFIGURATION = "configuration"  # what a suite changed of its base, in words: says what other columns say
OF_TRAINING = ("parameters", "body_parameters", "flops", "trained_tokens", "progress", DIVERGED, CONFIGURATION)
# in a study's table the text and seed of training bear names that tell them from those of measuring
TRAINING_CHOICES = frozenset({*PretrainSpec.model_fields, "pretrain_corpus", "pretrain_tokens"})
NEVER_MEASURES = frozenset({"model", *SEEDS, "pretrain_corpus", "pretrain_tokens", *OF_TRAINING, *FACTORS})


def bare(column: str) -> str:
    """The part after the last dot: `final.eee` is `eee`."""
    return column.rpartition(".")[2]


def is_number(column: pd.Series[Any]) -> bool:
    """Whether a column holds numbers; truth values are not numbers."""
    from pandas.api import types

    return bool(types.is_numeric_dtype(column) and not types.is_bool_dtype(column))


def numbers(table: pd.DataFrame, name: str) -> Float[ndarray, " n"]:
    """A column as float64 with infinities taken as missing.

    Raises:
        SpecError: a column that holds text, with the first such cell.
    """
    if not is_number(table[name]):
        text, row = first_text(table[name])
        raise SpecError(f"column {name!r} holds {text!r} in data row {row}", "give numbers, or leave the cell empty")
    values = table[name].to_numpy(dtype=np.float64, na_value=np.nan)
    return np.where(np.isfinite(values), values, np.nan)


def predictor(table: pd.DataFrame, name: str) -> Float[ndarray, " n"]:
    """A number column as it enters a fit; NaN where missing.

    What counts size, compute, data, a batch or a strength enters by its decimal logarithm, and where that does not
    exist (a final rate of 0) by the order of its values, 0, 1, 2 …: what training does goes by the factor by which
    these grow, and suites set them so. As they are, the largest value would stand far from all others, and a
    fit that has not seen it would miss it by a multiple of what it knows. Any other column stays as it is.

    Raises:
        SpecError: as `numbers`.
    """
    values = numbers(table, name)
    known = np.isfinite(values)
    if name not in BY_FACTORS or not known.any():
        return values
    found = np.full(len(values), np.nan)
    positive = bool((values[known] > 0).all())
    found[known] = np.log10(values[known]) if positive else np.unique(values[known], return_inverse=True)[1]
    return found


def levels(column: pd.Series[Any]) -> ndarray:
    """A column's levels as text (n objects), empty where missing; 20.0 is level `20`."""
    cells = zip(column.to_list(), column.isna(), strict=True)
    return np.array(["" if missing else _level(value) for value, missing in cells], dtype=object)


def _level(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def first_text(column: pd.Series[Any]) -> tuple[Any, int]:
    """The first cell that is no number, and its data row counted from 1."""
    import pandas as pd

    parsed = pd.to_numeric(column.astype(object).where(column.notna(), None), errors="coerce")
    bad = np.flatnonzero((parsed.isna() & column.notna()).to_numpy())
    position = int(bad[0]) if len(bad) else 0
    return column.iloc[position], position + 1


def measure_columns(
    table: pd.DataFrame, target: str, by: str | None, controls: Sequence[str]
) -> tuple[list[str], list[str]]:
    """The columns of a plain table that count as measures, and notes on those left out.

    Every numeric column counts but the target, `by`, the controls, `seed` and the factors.
    In a table with this project's own layout, scores, spreads and training choices are no
    measures either.
    """
    out = NEVER_MEASURES | {target, *controls} | ({by} if by else set())
    candidates = [name for name in table.columns if name not in out and is_number(table[name])]
    own = _own_layout(table, out)
    notes = _spoiled_notes(table, out)
    if own:
        notes.append(f"no measures, as this is a study's table: {_listed(own)}")
    return [name for name in candidates if name not in own], notes


def _own_layout(table: pd.DataFrame, out: frozenset[str] | set[str]) -> list[str]:
    """Scores, spreads and training choices, in a table that has scores as a study writes them."""
    names = set(table.columns)
    scores = {name for name in names if name.startswith("score.")}
    spreads = {name for name in names if name.endswith(".spread") and name.removesuffix(".spread") in names}
    choices = names & TRAINING_CHOICES if scores else set()
    return [name for name in table.columns if name in (scores | spreads | choices) - out and is_number(table[name])]


def _spoiled_notes(table: pd.DataFrame, out: frozenset[str] | set[str]) -> list[str]:
    """A note for each column that is mostly numbers, yet text for a few cells."""
    import pandas as pd

    notes = []
    for name in table.columns:
        column = table[name]
        if name in out or is_number(column) or pd.api.types.is_bool_dtype(column):
            continue
        filled = int(column.notna().sum())
        good = int(pd.to_numeric(column.astype(object), errors="coerce").notna().sum())
        if filled and good * 2 >= filled:
            text, row = first_text(column)
            notes.append(
                f"column {name!r} is no measure: {filled - good} of {filled} cells are text ({text!r}, data row {row})"
            )
    return notes


def select(globs: Sequence[str], preferred: Sequence[str], others: Sequence[str] = ()) -> list[str]:
    """Columns that match any glob, whole or by the part after the last dot, in table order.

    Args:
        globs: as given to `--measures`.
        preferred: the columns that count as measures by themselves.
        others: further numeric columns, matched only by a glob that no preferred one matches.

    Raises:
        UnknownName: a glob that matches nothing, with the near names.
    """
    chosen: set[str] = set()
    for glob in globs:
        found = [name for name in preferred if _matches(name, glob)] or [
            name for name in others if _matches(name, glob)
        ]
        if not found:
            known = [*preferred, *others]
            raise UnknownName.among("measure", glob, known + [bare(name) for name in known])
        chosen.update(found)
    return [name for name in dict.fromkeys([*preferred, *others]) if name in chosen]


def _matches(name: str, glob: str) -> bool:
    return name == glob or fnmatch.fnmatchcase(name, glob) or fnmatch.fnmatchcase(bare(name), glob)


def counterpart(name: str, columns: Sequence[str]) -> str | None:
    """The column of another table that stands for `name`: the whole name, then the bare one.

    Raises:
        SpecError: several columns share the bare name.
    """
    if name in columns:
        return name
    if bare(name) in columns:
        return bare(name)
    found = [other for other in columns if bare(other) == bare(name)]
    if len(found) > 1:
        raise SpecError(
            f"{name!r} could be {' or '.join(map(repr, found))} of the hold-out table", f"call one {name!r}"
        )
    return found[0] if found else None


def require_column(table: pd.DataFrame, name: str, role: str) -> None:
    """Refuse a column that the table lacks, with the near names."""
    if name not in table.columns:
        raise UnknownName.among(f"{role} column", name, [str(c) for c in table.columns])


def require_measures(names: Sequence[str]) -> None:
    """Refuse a table without any measure."""
    if not names:
        raise NotEnoughData("no numeric column counts as a measure", "name the measures with --measures GLOB")


def _listed(names: Sequence[str], most: int = 6) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
