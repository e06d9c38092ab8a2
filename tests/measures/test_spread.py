"""Spread: against leaving groups out for good, and against what many samples really do."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.measures.compute import compute, measure_cloud, states_needed
from lmgeo.measures.matrices import measure_matrix
from lmgeo.measures.protocols import protocol
from lmgeo.states.batch import RowBatch
from lmgeo.states.groups import GROUPS

ONE_PASS = ["effective_rank", "effective_rank_cov", "eee", "isoscore", "mean_cosine", "participation_ratio", "rankme"]
SAMPLED = ["vrm"]
DEFAULT = protocol("default")


def anisotropic(seed: int, n: int = 2_000, d: int = 12) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.standard_t(5, size=(n, d)) * np.geomspace(3, 0.3, d) + np.linspace(0, 2, d)


def in_sequences(rows: np.ndarray, length: int) -> dict:
    """The states of a cloud whose rows come `length` to a sequence."""
    n = len(rows)
    batch = RowBatch(rows, np.arange(n) // length, np.arange(n) % length, np.zeros(n, bool))
    states = {kind: kind.empty(rows.shape[1]) for kind in states_needed(ONE_PASS + SAMPLED)}
    for state in states.values():
        state.update(batch)
    return states


@pytest.mark.parametrize("name", ONE_PASS)
def test_one_pass_spreads_are_the_jackknife_to_first_order(name: str) -> None:
    X = anisotropic(0)
    found = measure_cloud(X, [name], DEFAULT, 0)[name]
    left_out = [
        measure_cloud(X[np.arange(len(X)) % GROUPS != g], [name], DEFAULT, 0)[name].value for g in range(GROUPS)
    ]
    jackknife = np.std(left_out, ddof=1) * (GROUPS - 1) / np.sqrt(GROUPS)
    assert found.spread == pytest.approx(jackknife, rel=0.05)
    assert found.details["spread_of"] == "jackknife over 8 groups of sequences"


@pytest.mark.parametrize("name", ONE_PASS + SAMPLED)
def test_the_spread_is_what_values_of_new_samples_really_spread(name: str) -> None:
    """Over 60 samples, the root mean square of the spread beside the standard deviation of the values."""
    found = [measure_cloud(anisotropic(seed), [name], DEFAULT, 0)[name] for seed in range(60)]
    real = np.std([f.value for f in found], ddof=1)
    said = np.sqrt(np.mean([f.spread**2 for f in found]))
    assert 0.7 < said / real < 1.5


@pytest.mark.parametrize(("n", "d"), [(20, 50), (30, 30)])
def test_fewer_rows_than_columns_are_no_doubt_by_themselves(n: int, d: int) -> None:
    """The rank of what stays without a group is lower, by more or less as groups are; that is no spread."""
    names = ["eee", "matrix_entropy", "rankme", "effective_rank", "pc_ratio"]
    found = [measure_cloud(anisotropic(seed, n, d), names, DEFAULT, 0) for seed in range(30)]
    for name in names[:-1]:
        real = np.std([f[name].value for f in found], ddof=1)
        said = np.sqrt(np.mean([f[name].spread ** 2 for f in found]))
        assert 0.5 < said / real < 2, name
    assert {(f["pc_ratio"].value, f["pc_ratio"].spread) for f in found} == {(0.0, 0.0)}


@pytest.mark.parametrize("name", ["discrete_entropy", "knn_overlap"])
def test_what_hangs_on_the_farthest_rows_is_not_surer_with_more(name: str) -> None:
    found = [measure_cloud(anisotropic(seed, 1_600), [name], DEFAULT, 0)[name] for seed in range(30)]
    real = np.std([f.value for f in found], ddof=1)
    said = np.sqrt(np.mean([f.spread**2 for f in found]))
    assert 0.4 < said / real < 2.5
    assert found[0].details["spread_of"] == "8 groups of sequences, 200 rows each, not scaled: extremes hardly settle"


def test_why_there_is_no_spread() -> None:
    few = measure_cloud(anisotropic(0, n=40), ["vrm", "koleo_ratio", "eee"], DEFAULT, 0)
    assert "too few rows" in few["vrm"].details["no_spread"]  # of five rows each is as entropic as the next
    assert few["koleo_ratio"].spread is None
    assert few["eee"].spread > 0
    found = measure_cloud(anisotropic(0, n=150), ["mle_id", "vrm"], DEFAULT, 0)
    assert "8 of 8 parts" in found["mle_id"].details["no_spread"]
    assert "no 20 neighbours" in found["mle_id"].details["no_spread"]
    assert "no_spread" not in found["vrm"].details


def test_tokens_of_one_sequence_are_not_taken_for_independent() -> None:
    rng = np.random.default_rng(1)
    repeated = np.repeat(anisotropic(2, n=256), 16, axis=0) + 1e-3 * rng.normal(size=(4096, 12))
    spread = compute(in_sequences(repeated, 16), ["effective_rank"], DEFAULT, 0)["effective_rank"].spread
    naive = measure_cloud(repeated[rng.permutation(4096)], ["effective_rank"], DEFAULT, 0)["effective_rank"].spread
    assert spread > 2.5 * naive  # 256 rows in truth, not 4,096: four times as wide


def test_pieces_and_their_order_do_not_show_in_the_spread() -> None:
    X = anisotropic(3, n=500)
    whole = in_sequences(X, 5)
    n = np.arange(500)
    pieces = {kind: kind.empty(12) for kind in whole}
    for part in np.array_split(np.random.default_rng(4).permutation(500), 9):
        for state in pieces.values():
            state.update(RowBatch(X[part], n[part] // 5, n[part] % 5, np.zeros(len(part), bool)))
    names = ONE_PASS + SAMPLED
    one, many = compute(whole, names, DEFAULT, 0), compute(pieces, names, DEFAULT, 0)
    for name in names:
        assert many[name].value == pytest.approx(one[name].value, rel=1e-9)
        assert many[name].spread == pytest.approx(one[name].spread, rel=1e-6)


@pytest.mark.parametrize("n", [2, 3, 5, 9, 20])
def test_few_rows_have_a_spread_or_none_but_never_nan(n: int) -> None:
    for name, found in measure_cloud(anisotropic(5, n=n), ONE_PASS + SAMPLED, DEFAULT, 0).items():
        assert found.spread is None or (np.isfinite(found.spread) and found.spread >= 0), name


def test_one_sequence_has_no_spread() -> None:
    found = compute(in_sequences(anisotropic(6, n=50), 50), ONE_PASS + SAMPLED, DEFAULT, 0)
    assert all(f.spread is None and f.value is not None for f in found.values())


def test_a_matrix_is_no_sample() -> None:
    found = measure_matrix(anisotropic(7))
    assert all(f.spread is None for f in found.values())
