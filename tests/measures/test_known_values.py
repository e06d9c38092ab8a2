"""The seeded reference clouds, against values that a second implementation gave to ten digits."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from lmgeo.measures.compute import measure_cloud, uses_protocol
from lmgeo.measures.declare import MEASURES
from lmgeo.measures.protocols import protocol

REFERENCE = Path(__file__).resolve().parents[1] / "reference"
VALUES = {
    name: found["marbut2024"] for name, found in json.loads((REFERENCE / "cloud_values.json").read_text()).items()
}


def _clouds() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference_clouds", REFERENCE / "clouds.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("cloud", VALUES)
def test_reference_clouds(cloud: str) -> None:
    X = _clouds().make(cloud)
    assert X.shape == (VALUES[cloud]["n"], VALUES[cloud]["d"])
    known = {name: value for name, value in VALUES[cloud].items() if name in MEASURES and not uses_protocol(name)}
    assert len(known) == 10
    found = measure_cloud(X, list(known), protocol("default"), 0)
    for name, value in known.items():
        relative, absolute = (1e-5, 0) if name == "vrm" else (1e-6, 1e-9)
        assert found[name].value == pytest.approx(value, rel=relative, abs=absolute), name


def test_single_precision_components_would_fail() -> None:
    # why second moments are centred and in float64: what float32 raw moments make of outlier_dims
    X = _clouds().make("outlier_dims")
    raw = (X.T @ X / len(X) - np.outer(X.mean(0), X.mean(0))).astype(np.float64)
    values = np.linalg.eigvalsh(raw)[::-1].clip(0)
    assert values.sum() ** 2 / np.square(values).sum() != pytest.approx(
        VALUES["outlier_dims"]["participation_ratio"], rel=1e-2
    )
