"""What is resampled as one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lmgeo.analysis.clusters import clusters_of


def test_rows_stand_for_themselves_where_nothing_joins_them() -> None:
    found = clusters_of(pd.DataFrame({"model": list("abcdef"), "x": range(6)}))
    assert (found.by, found.count, found.note) == ("row", 6, None)
    assert found.groups is None


def test_copies_of_a_base_are_one_cluster_where_there_are_bases_enough() -> None:
    table = pd.DataFrame({"base": np.repeat(list("abcdef"), 3), "alpha": [0.0, 10, 20] * 6, "noise_seed": 1})
    found = clusters_of(table)
    assert (found.by, found.count, found.note) == ("base", 6, None)
    assert found.labels.tolist() == np.repeat(range(6), 3).tolist()


def test_few_bases_fall_back_to_seed_groups_and_say_so() -> None:
    table = pd.DataFrame({"base": "a", "alpha": np.repeat([0.0, 1, 5, 10, 20], 2), "noise_seed": [1, 2] * 5})
    found = clusters_of(table)
    assert (found.by, found.count) == ("seed group", 5)
    assert found.note is not None
    assert "1 base:" in found.note


def test_training_seeds_of_one_configuration_are_one_cluster() -> None:
    table = pd.DataFrame(
        {
            "base": [f"m{i}" for i in range(12)],
            "width": np.repeat([8, 16, 32], 4),
            "weight_decay": [0.1, 0.1, 0.5, 0.5] * 3,
            "pretrain_seed": [0, 1] * 6,
        }
    )
    found = clusters_of(table)
    assert (found.by, found.count) == ("training configuration", 6)
    assert found.labels.tolist() == np.repeat(range(6), 2).tolist()


def test_some_rows_alone_are_numbered_anew() -> None:
    table = pd.DataFrame({"base": np.repeat(list("abcdef"), 2), "alpha": [0.0, 1.0] * 6})
    part = clusters_of(table).take(np.array([2, 3, 8]))
    assert part.labels.tolist() == [0, 0, 1]
    assert part.count == 2
