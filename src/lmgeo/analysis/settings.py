"""Tables in which one model stands under several measurement settings: never pooled in silence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lmgeo.analysis.columns import FACTORS, SETTINGS, TRAINING_CHOICES, levels

if TYPE_CHECKING:
    import pandas as pd


def first_setting(table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The rows under the first measurement setting, and a note where there are others.

    A column such as `tokens` may as well be a training choice; it is taken as a measurement
    setting only where one and the same model stands under several of its values.
    """
    import pandas as pd

    columns = [name for name in SETTINGS if name in table.columns and table[name].nunique(dropna=False) > 1]
    if not columns or not _repeats(table, columns):
        return table, []
    settings = pd.DataFrame({name: levels(table[name]) for name in columns}, index=table.index, dtype=object)
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


def _repeats(table: pd.DataFrame, settings: list[str]) -> bool:
    """Whether some model stands under more than one setting."""
    if "model" in table.columns and _several(table, ["model"], settings):
        return True
    studied = any(name.startswith("score.") or name == "protocol" for name in table.columns)
    if "base" not in table.columns or not studied:
        return False
    names = [n for n in (*FACTORS, *sorted(TRAINING_CHOICES)) if n in table.columns and n not in settings]
    return _several(table, names, settings)


def _several(table: pd.DataFrame, names: list[str], settings: list[str]) -> bool:
    distinct = table[[*names, *settings]].drop_duplicates()
    return bool(distinct.duplicated(subset=names).any())
