"""The thirty quantized measures: known values, seeds, hostile input."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import numpy as np
import pytest

from lmgeo.core.errors import UnknownName
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.declare import MEASURES
from lmgeo.measures.protocols import protocol
from lmgeo.measures.quantized import QUANTIZERS, quantized_measurements
from lmgeo.numerics.quantizers.quantization import Quantization

NAMES = [name for name, declared in MEASURES.items() if declared.state is Quantization]
PQ = [name for name in NAMES if name.startswith("pq_")]
SMALL = QuantizerProtocol(name="small", codebooks=2, bits=4, seeds=2, threads=1, lsq_iterations=2)
REFERENCE = Path(__file__).resolve().parents[1] / "reference"
VALUES = json.loads((REFERENCE / "cloud_values.json").read_text())


def reference_cloud(name: str) -> np.ndarray:
    spec = importlib.util.spec_from_file_location("reference_clouds", REFERENCE / "clouds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.make(name)


def cloud(n: int = 300, d: int = 8, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return rng.gamma(2.0, size=(n, d)) @ rng.normal(size=(d, d)) + rng.normal(size=d)


def test_ten_measures_of_each_quantizer() -> None:
    assert len(NAMES) == 30
    by_prefix = {prefix: {n.removeprefix(prefix) for n in NAMES if n.startswith(prefix)} for prefix in QUANTIZERS}
    assert [len(names) for names in by_prefix.values()] == [10, 10, 10]
    assert len(set.union(*by_prefix.values())) == 10


@pytest.mark.parametrize("name", VALUES)
def test_product_cells_as_published(name: str) -> None:
    known = {k: v for k, v in VALUES[name]["marbut2024"].items() if k.startswith("pq_")}
    found = quantized_measurements(reference_cloud(name), list(known), protocol("marbut2024"), 0)
    for measure, value in known.items():
        assert found[measure].value == pytest.approx(value, rel=1e-3, abs=1e-3 if "skew" in measure else 0), measure


def test_additive_cells_as_published() -> None:
    known = {k: v for k, v in VALUES["clusters"]["marbut2024"].items() if k.startswith("lsq_")}
    found = quantized_measurements(reference_cloud("clusters"), list(known), protocol("marbut2024"), 0)
    assert len(known) == 10
    for measure, value in known.items():
        assert found[measure].value == pytest.approx(value, rel=1e-3), measure
        assert found[measure].spread is None


@pytest.mark.parametrize("name", VALUES)
def test_product_cells_of_centred_rows(name: str) -> None:
    known = {k: v for k, v in VALUES[name]["centred_mean_sd"].items() if k.startswith("pq_")}
    found = quantized_measurements(reference_cloud(name), list(known), protocol("default"), 0)
    for measure, (mean, deviation) in known.items():
        assert abs(found[measure].value - mean) < 5 * deviation, measure
        assert found[measure].seeds == 3


def test_additive_cells_of_centred_rows() -> None:
    # the compiled backend at the full budget: another implementation, the same distribution
    known = {k: v for k, v in VALUES["outlier_dims"]["centred_mean_sd"].items() if k.startswith("lsq_")}
    setting = protocol("default").model_copy(update={"backend": "numba"})
    found = quantized_measurements(reference_cloud("outlier_dims"), list(known), setting, 0)
    for measure, (mean, deviation) in known.items():
        assert abs(found[measure].value - mean) < 5 * deviation, measure


def test_rows_in_any_order_give_the_same_values() -> None:
    X = cloud()
    shuffled = X[np.random.default_rng(1).permutation(len(X))]
    first, second = (quantized_measurements(x, NAMES, SMALL, 0) for x in (X, shuffled))
    assert {n: m.value for n, m in first.items()} == {n: m.value for n, m in second.items()}
    other = quantized_measurements(X, NAMES, SMALL, 10)
    assert all(other[n].value != first[n].value for n in NAMES)


def test_mean_spread_and_details() -> None:
    found = quantized_measurements(cloud(), ["lsq_patchiness", "pq_cell_eee"], SMALL, 5)
    patchiness = found["lsq_patchiness"]
    values = patchiness.details["values"]
    assert patchiness.value == pytest.approx(np.mean(values))
    assert patchiness.spread == pytest.approx(np.std(values, ddof=1))
    assert patchiness.range == pytest.approx((1 - 16 / 300, 16 - 16 / 300))
    assert {"backend", "version", "n_train", "padded", "protocol"} <= set(patchiness.details)
    assert "cells_left_out" in found["pq_cell_eee"].details
    singles = [quantized_measurements(cloud(), ["lsq_patchiness"], SMALL, s)["lsq_patchiness"].details for s in (5, 5)]
    assert singles[0] == singles[1]
    json.dumps(patchiness.to_json(), allow_nan=False)


def test_each_quantizer_runs_once_a_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    seeds = []
    real = QUANTIZERS["pq_"]
    monkeypatch.setitem(QUANTIZERS, "pq_", lambda rows, p, s: seeds.append(s) or real(rows, p, s))
    for other in ("lsq_", "rq_"):
        monkeypatch.setitem(QUANTIZERS, other, lambda *_: pytest.fail("not asked for"))
    quantized_measurements(cloud(), PQ, SMALL, 7)
    quantized_measurements(cloud(), PQ, SMALL.model_copy(update={"seeds": None}), 7)
    assert seeds == [8, 9, None]


def test_progress_reaches_its_end() -> None:
    seen: list[tuple[float, float]] = []
    quantized_measurements(cloud(), NAMES, SMALL, 0, lambda label, done, total: seen.append((done, total)))
    assert seen == [(i, 6) for i in range(7)]


def test_fewer_rows_than_cells() -> None:
    found = quantized_measurements(cloud(15), NAMES, SMALL, 0)
    assert all(m.value is None and "15 rows are fewer than the 16 cells" in str(m.reason) for m in found.values())
    assert quantized_measurements(cloud(16), PQ, SMALL, 0)["pq_patchiness"].value is not None


@pytest.mark.parametrize("X", [np.zeros((40, 3)), np.full((40, 3), 7.25), np.full((40, 1), -1e30)])
def test_one_point_has_no_value_or_a_stated_one(X: np.ndarray) -> None:
    found = quantized_measurements(X, NAMES, SMALL, 0)
    for name, measured in found.items():
        assert measured.value is None or np.isfinite(measured.value), name
        assert (measured.value is None) == (measured.reason is not None), name
    assert found["pq_cell_eee"].value is None
    assert "one cell" in str(found["pq_count_var"].reason)
    assert "same point" in str(found["lsq_error_centred"].reason)
    # codebooks of zeros leave every code as it was drawn: near 1, as if the rows were scattered
    for name in ("lsq_patchiness", "lsq_patchiness_released", "lsq_count_kl", "lsq_count_var"):
        assert "same point" in str(found[name].reason), name
    assert found["pq_patchiness"].value == pytest.approx(SMALL.cells - SMALL.cells / 40)  # in one cell, as they should


@pytest.mark.parametrize("factor", [2.0**-80, 2.0**80])
def test_extreme_scales(factor: float) -> None:
    plain, scaled = (quantized_measurements(X, NAMES, SMALL, 0) for X in (cloud(), cloud() * factor))
    for name in NAMES:
        assert scaled[name].value == pytest.approx(plain[name].value, rel=1e-6), name


def test_a_huge_mean_is_harmless_under_a_centred_protocol() -> None:
    X = np.round(cloud() * 64) / 64  # so that the shift rounds nothing
    plain, shifted = (quantized_measurements(x, NAMES, SMALL, 0) for x in (X, X + 2.0**20))
    for name in NAMES:
        assert shifted[name].value == pytest.approx(plain[name].value, rel=1e-4), name


def test_half_precision_and_duplicates() -> None:
    X = np.vstack([cloud()] * 3).astype(np.float16)
    found = quantized_measurements(X, NAMES, SMALL, 0)
    assert all(m.value is not None for m in found.values())


def test_unknown_measure() -> None:
    with pytest.raises(UnknownName):
        quantized_measurements(cloud(10), ["pq_patchines"], SMALL, 0)


@pytest.mark.parametrize("backend", ["faiss", "numba"])
def test_seeds_of_any_size(backend: str) -> None:
    setting = SMALL.model_copy(update={"backend": backend})
    found = quantized_measurements(cloud(), ["pq_patchiness", "lsq_patchiness"], setting, 2**62)
    assert all(m.value is not None for m in found.values())
