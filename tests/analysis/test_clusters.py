"""What is resampled as one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from lmgeo.analysis.bootstrap import row_counts
from lmgeo.analysis.clusters import Clusters, clusters_of, seed_groups


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


def test_clusters_of_unlike_size_count_as_fewer() -> None:
    even, uneven = Clusters("base", np.repeat(range(5), 4)), Clusters("base", np.repeat(range(5), [16, 1, 1, 1, 1]))
    assert even.effective == 5.0
    assert uneven.effective == 400 / 260
    assert uneven.sizes.tolist() == [16, 1, 1, 1, 1]


def test_seed_groups_are_rows_that_differ_by_a_seed_alone() -> None:
    table = pd.DataFrame({"base": list("aabb"), "alpha": [1.0, 1, 1, 2], "noise_seed": [1, 2, 1, 2]})
    assert seed_groups(table).tolist() == [0, 0, 1, 2]
    assert seed_groups(table.drop(columns="noise_seed")).tolist() == [0, 1, 2, 3]


def test_too_few_are_said_in_words() -> None:
    assert Clusters("base", np.array([0, 0, 1])).too_few == "2 bases among the complete rows; an interval needs 5"
    assert Clusters.rows(2).too_few is None


def test_counts_of_clusters_are_spread_to_their_rows() -> None:
    clusters = Clusters("base", np.repeat(range(6), [1, 2, 3, 1, 2, 3]))
    counts = np.concatenate(list(row_counts(clusters, 0)), axis=1)
    assert counts.shape == (12, 2000)
    assert (counts[[1, 3, 4]] == counts[[2, 5, 5]]).all()
    assert (counts[[0, 1, 3, 6, 7, 9]].sum(axis=0) == 6).all()  # six clusters drawn, rows as they come
    assert len(set(counts.sum(axis=0))) > 3
