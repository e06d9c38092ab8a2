"""Measures of weight matrices against WeightWatcher 0.7.7 and the `powerlaw` package."""

from __future__ import annotations

import logging
import math
import warnings
from collections.abc import Iterator
from types import ModuleType

import numpy as np
import pytest

from lmgeo.measures.matrices import measure_matrix
from lmgeo.numerics.power_law import fit_power_law

NAMES = ["alpha", "alpha_weighted", "log_alpha_norm", "mp_softrank", "stable_rank", "spectral_norm", "frobenius_norm"]


@pytest.fixture(scope="module")
def package(oracle) -> Iterator[ModuleType]:
    """WeightWatcher, which warns and logs as it is imported and as it works."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield oracle("weightwatcher")
    logging.disable(before)


def orthogonal(rng: np.random.Generator, n: int, d: int) -> np.ndarray:
    return np.linalg.qr(rng.normal(size=(n, d)))[0]


def made(kind: str, n: int, d: int, seed: int) -> np.ndarray:
    """Random, of heavy-tailed entries, of a power-law spectrum, or as training leaves it: a bulk and a tail."""
    rng = np.random.default_rng(seed)
    if kind == "random":
        return rng.normal(size=(n, d)) * 0.05
    if kind == "student":
        return rng.standard_t(2.5, size=(n, d)) * 0.05
    values = np.sort(rng.pareto(rng.uniform(0.8, 2.5), d) + 1)[::-1]
    law = orthogonal(rng, n, d) * np.sqrt(values) @ orthogonal(rng, d, d).T
    return law if kind == "pareto" else 0.4 * law + rng.normal(size=(n, d)) * 0.8 / math.sqrt(n)


KINDS = ["random", "student", "pareto", "trained"]
SHAPES = [(200, 120), (300, 100), (150, 150)]
CASES = [(kind, *shape, seed) for kind in KINDS for shape in SHAPES for seed in range(4)]


def test_alpha_is_within_its_error_of_theirs(package: ModuleType) -> None:
    from weightwatcher.WW_powerlaw import WWFit

    agree = []
    for case in CASES:
        values = np.linalg.svd(made(*case), compute_uv=False) ** 2
        ours, theirs = fit_power_law(values), WWFit(values)
        agree.append(abs(ours.alpha - theirs.alpha) <= ours.sigma)
        if agree[-1] and ours.tail == len(theirs.data):
            assert (ours.distance, ours.sigma) == pytest.approx((theirs.D, theirs.sigma), rel=1e-6)
    assert np.mean(agree) >= 0.95


def test_alpha_is_within_its_error_of_the_powerlaw_packages(oracle) -> None:
    """Its default refuses exponents above 3, which is a choice of range and no part of the method."""
    package = oracle("powerlaw")
    agree = []
    for case in CASES[::3]:
        values = np.linalg.svd(made(*case), compute_uv=False) ** 2
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            theirs = package.Fit(values, verbose=False, parameter_ranges={"alpha": [1, None]})
        ours = fit_power_law(values)
        agree.append(abs(ours.alpha - theirs.power_law.alpha) <= ours.sigma)
    assert np.mean(agree) >= 0.9


@pytest.fixture(scope="module")
def matrices() -> dict[str, np.ndarray]:
    shapes = [*SHAPES[:2], (400, 200)]
    return {f"{kind} {n}x{d}": made(kind, n, d, 7).astype(np.float32) for kind in KINDS for n, d in shapes}


@pytest.fixture(scope="module")
def theirs(package: ModuleType, matrices: dict[str, np.ndarray]) -> dict[str, dict]:
    """What `analyze` says of a model with these matrices, one a layer."""
    import torch

    layers = [torch.nn.Linear(W.shape[1], W.shape[0], bias=False) for W in matrices.values()]
    for layer, W in zip(layers, matrices.values(), strict=True):
        layer.weight.data = torch.from_numpy(W)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        table = package.WeightWatcher(model=torch.nn.Sequential(*layers)).analyze(mp_fit=True)
    return dict(zip(matrices, table.to_dict("records"), strict=True))


def test_measures_of_a_model_are_theirs(matrices: dict[str, np.ndarray], theirs: dict[str, dict]) -> None:
    """Their norms are of λ: `norm` is ‖W‖²_F, and `spectral_norm` σ₁²."""
    for name, W in matrices.items():
        found, expected = measure_matrix(W, NAMES), theirs[name]
        assert found["stable_rank"].value == pytest.approx(expected["stable_rank"], rel=1e-5)
        assert found["spectral_norm"].value ** 2 == pytest.approx(expected["spectral_norm"], rel=1e-5)
        assert found["frobenius_norm"].value ** 2 == pytest.approx(expected["norm"], rel=1e-5)
        if found["alpha"].value is None:  # too small a tail, which they report all the same
            assert expected["num_pl_spikes"] < 50
            continue
        assert found["alpha"].value == pytest.approx(expected["alpha"], abs=found["alpha"].details["sigma"])
        if found["alpha"].details["tail"] == expected["num_pl_spikes"]:
            for measure in ("alpha", "alpha_weighted", "log_alpha_norm"):
                assert found[measure].value == pytest.approx(expected[measure], rel=1e-4, abs=1e-4)


def test_some_tails_are_long_enough(matrices: dict[str, np.ndarray]) -> None:
    found = [measure_matrix(W, ["alpha"])["alpha"].value for W in matrices.values()]
    assert sum(value is not None for value in found) >= 3


def test_the_bulk_edge_is_theirs_where_theirs_is_sharp(
    theirs: dict[str, dict], matrices: dict[str, np.ndarray]
) -> None:
    """Where n ≥ 2d and λ₁ is not far from the bulk; else their grid is coarse beside it."""
    sharp = ["random 300x100", "random 400x200", "student 300x100", "student 400x200"]
    for name in sharp:
        found = measure_matrix(matrices[name], ["mp_softrank"])["mp_softrank"].value
        assert found == pytest.approx(theirs[name]["mp_softrank"], rel=0.1), name
