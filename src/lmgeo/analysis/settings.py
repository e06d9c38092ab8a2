"""Tables in which one model stands under several measurement settings: never pooled in silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmgeo.analysis.columns import FACTORS, SETTINGS, TRAINING_CHOICES, is_number, levels

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Settings:
    """How the models of a table stand under several measurement settings.

    Attributes:
        columns: the setting columns that vary; none where no model stands under several settings.
        table: the level of each row in each of `columns`, as text.
        models: what tells each row's model from others, whatever the setting.
    """

    columns: list[str]
    table: pd.DataFrame
    models: list[tuple[str, ...]]


def settings_of(table: pd.DataFrame) -> Settings:
    """The measurement settings of a table.

    A column such as `corpus` may as well be a training choice; it is taken as a measurement
    setting only where one and the same model stands under several of its values. `tokens` in numbers
    counts what a model was trained on: which tokens are measured is said in words.
    """
    import pandas as pd

    columns = [name for name in SETTINGS if name in table.columns and table[name].nunique(dropna=False) > 1]
    columns = [name for name in columns if not (name == "tokens" and is_number(table[name]))]
    model = _told_apart_by(table, columns) if columns else []
    columns = columns if model else []
    found = pd.DataFrame({name: levels(table[name]) for name in columns}, index=table.index, dtype=object)
    return Settings(columns, found, list(zip(*(levels(table[name]) for name in model), strict=True)))


def first_setting(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows under the first measurement setting, and a note where there are others."""
    found = settings_of(table)
    if not found.columns:
        return table, []
    columns, settings = found.columns, found.table
    same = (settings == settings.iloc[0]).all(axis=1)
    chosen = dict(zip(columns, settings.iloc[0], strict=True))
    written = " and ".join(f"{name} == {value!r}" for name, value in chosen.items())
    others = "; ".join(f"{name}: {', '.join(dict.fromkeys(settings[name]))}" for name in columns)
    note = (
        f"models stand under {len(settings.drop_duplicates())} measurement settings ({others}); values are compared "
        f"only within one, so {int(same.sum())} of {len(table)} rows are analysed: those of the first, {written}. "
        f'Choose another with --filter "{columns[0]} == …"'
    )
    return table.loc[same], [note]


def _told_apart_by(table: pd.DataFrame, settings: list[str]) -> list[str]:
    """The columns that name a model which stands under more than one setting; none where there is no such model."""
    if "model" in table.columns and _several(table, ["model"], settings):
        return ["model"]
    studied = any(name.startswith("score.") or name == "protocol" for name in table.columns)
    if "base" not in table.columns or not studied:
        return []
    names = [n for n in (*FACTORS, *sorted(TRAINING_CHOICES)) if n in table.columns and n not in settings]
    return names if _several(table, names, settings) else []


def _several(table: pd.DataFrame, names: list[str], settings: list[str]) -> bool:
    distinct = table[[*names, *settings]].drop_duplicates()
    return bool(distinct.duplicated(subset=names).any())
