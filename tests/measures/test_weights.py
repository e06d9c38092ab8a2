"""Measures of weight matrices: their definitions written out, known matrices, what cannot be had."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import entropy

from lmgeo.measures.matrices import measure_matrix

NAMES = "effective_rank effective_rank_pct singular_entropy spectral_norm frobenius_norm condition_number".split()
LAWS = ["alpha", "alpha_weighted", "log_alpha_norm"]


def value(name: str, W: np.ndarray, **settings: object) -> float:
    found = measure_matrix(W, [name], **settings)[name]
    assert found.value is not None, found.reason
    return found.value


def of_values(values: np.ndarray, n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    d = len(values)
    left, right = (np.linalg.qr(rng.normal(size=(k, d)))[0] for k in (n, d))
    return (left * values) @ right.T


@pytest.mark.parametrize("shape", [(50, 12), (12, 50), (20, 20)])
@pytest.mark.parametrize("centred", [False, True])
def test_the_definitions_written_out(shape: tuple[int, int], centred: bool) -> None:
    W = np.random.default_rng(3).normal(size=shape) + 0.3
    seen = W - W.mean(axis=0) if centred else W
    values = np.linalg.svd(seen, compute_uv=False)
    r = min(shape)
    expected = {
        "effective_rank": math.exp(entropy(values)),
        "effective_rank_pct": 100 * math.exp(entropy(values)) / r,
        "singular_entropy": math.log(r) - entropy(values),
        "spectral_norm": np.linalg.norm(seen, 2),
        "frobenius_norm": np.linalg.norm(seen),
        "condition_number": values[0] / values[-1],
    }
    found = measure_matrix(W, NAMES, centred=centred)
    if centred and shape[0] <= shape[1]:  # one dimension less than rows
        expected["condition_number"] = None
        assert "singular" in found["condition_number"].reason
    assert {name: m.value for name, m in found.items()} == {
        name: v if v is None else pytest.approx(v, rel=1e-9) for name, v in expected.items()
    }
    r_times = shape[0] if shape[0] < shape[1] else shape[1]
    assert found["effective_rank"].value == pytest.approx(r_times * math.exp(-found["singular_entropy"].value))


def test_even_values_are_the_full_percentage() -> None:
    W = of_values(np.full(7, 3.0), 30)
    assert value("effective_rank_pct", W) == pytest.approx(100)
    assert value("singular_entropy", W) == pytest.approx(0, abs=1e-12)
    assert value("condition_number", W) == pytest.approx(1)


@pytest.mark.parametrize("condition", [1e2, 1e5, 1e10])
def test_condition_numbers_however_ill(condition: float) -> None:
    W = of_values(np.geomspace(1, 1 / condition, 30), 90)
    assert value("condition_number", W) == pytest.approx(condition, rel=1e-4)


def test_a_singular_matrix_has_a_rank_and_no_condition_number() -> None:
    W = of_values(np.array([3.0, 2.0, 1.0, 0.0, 0.0]), 20)
    found = measure_matrix(W, ["condition_number", "numerical_rank"])
    assert found["numerical_rank"].value == 3
    assert "3 of 5" in found["condition_number"].reason


@pytest.mark.parametrize(("stored", "rank"), [("F64", 6), ("F32", 4), ("F16", 2)])
def test_the_rank_is_of_the_stored_type(stored: str, rank: int) -> None:
    W = of_values(np.array([1.0, 0.5, 1e-2, 1e-4, 1e-8, 1e-10]), 40)
    found = measure_matrix(W, ["numerical_rank"], stored=stored)["numerical_rank"]
    assert found.value == rank
    assert found.details["least"] == pytest.approx(40 * found.details["epsilon"])


def test_numpy_counts_the_same_rank() -> None:
    rng = np.random.default_rng(8)
    for n, d, rank in ((30, 12, 5), (12, 30, 7), (16, 16, 16)):
        W = rng.normal(size=(n, rank)) @ rng.normal(size=(rank, d))
        assert value("numerical_rank", W) == np.linalg.matrix_rank(W) == rank


def test_a_type_too_coarse_for_a_rank_says_so() -> None:
    found = measure_matrix(np.random.default_rng(0).normal(size=(300, 4)), ["numerical_rank"], stored="BF16")
    assert found["numerical_rank"].value is None
    assert "0.0078" in found["numerical_rank"].reason


def power_law_matrix(alpha: float = 2.4, d: int = 150) -> np.ndarray:
    """Eigenvalues at the quantiles of a Pareto law."""
    quantiles = (np.arange(d) + 0.5) / d
    return of_values(np.sqrt(quantiles ** (-1 / (alpha - 1))), 2 * d)


def test_alpha_of_a_spectrum_that_is_a_power_law() -> None:
    found = measure_matrix(power_law_matrix(), LAWS)
    details = found["alpha"].details
    assert found["alpha"].value == pytest.approx(2.4, abs=3 * details["sigma"])
    assert set(details) >= {"xmin", "xmax", "D", "sigma", "tail", "eigenvalues", "spectrum"}
    assert details["tail"] >= 50
    assert details["eigenvalues"] == 150
    values = np.linalg.svd(power_law_matrix(), compute_uv=False) ** 2
    a = found["alpha"].value
    assert found["alpha_weighted"].value == pytest.approx(a * math.log10(values[0]), rel=1e-9)
    assert found["log_alpha_norm"].value == pytest.approx(math.log10((values**a).sum()), rel=1e-9)


def test_a_short_tail_is_refused_with_what_it_was() -> None:
    found = measure_matrix(np.random.default_rng(1).normal(size=(200, 40)), LAWS)
    for name in LAWS:
        assert found[name].value is None
        assert "under 50" in found[name].reason
        assert "xmin" in found[name].reason


def test_log_alpha_norm_of_powers_beyond_float64() -> None:
    W = power_law_matrix() * 1e60
    found = measure_matrix(W, ["alpha", "log_alpha_norm"])
    plain = measure_matrix(power_law_matrix(), ["log_alpha_norm"])["log_alpha_norm"].value
    assert found["log_alpha_norm"].value == pytest.approx(plain + 120 * found["alpha"].value, rel=1e-9)


@pytest.mark.parametrize("shape", [(400, 100), (100, 400), (150, 150)])
def test_a_random_matrix_is_all_bulk(shape: tuple[int, int]) -> None:
    found = measure_matrix(np.random.default_rng(5).normal(size=shape) * 0.02, ["mp_softrank"])["mp_softrank"]
    assert found.value == pytest.approx(1, abs=0.06)
    assert found.details["distance"] < 0.05
    assert found.details["entry_variance"] == pytest.approx(0.0004, rel=0.05)


def test_a_spike_lowers_the_soft_rank() -> None:
    rng = np.random.default_rng(6)
    W = rng.normal(size=(400, 100))
    spiked = W + 100 * np.outer(rng.normal(size=400), rng.normal(size=100)) / 20
    found = measure_matrix(spiked, ["mp_softrank"])["mp_softrank"]
    edge = (20 + 10) ** 2
    assert found.value == pytest.approx(edge / np.linalg.norm(spiked, 2) ** 2, rel=0.05)
    assert found.details["above_edge"] == 1


def test_how_the_spectrum_was_had_is_in_the_details() -> None:
    names = ["effective_rank", "stable_rank", "condition_number"]
    resolved = measure_matrix(np.random.default_rng(0).normal(size=(60, 8)), names)
    assert {m.details["spectrum"] for m in resolved.values()} == {"gram"}
    ill = measure_matrix(of_values(np.geomspace(1, 1e-9, 8), 60), names)
    assert {m.details["spectrum"] for m in ill.values()} == {"svd"}
    assert "spectrum" not in measure_matrix(np.eye(3), ["mean_cosine"])["mean_cosine"].details
