"""Every declaration is complete, and no measure leaves its range or gives NaN on any sound cloud."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from lmgeo.core.measurement import Measurement
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.compute import matrix_measures, measure_cloud, uses_protocol
from lmgeo.measures.declare import INVARIANCES, MEASURES
from lmgeo.measures.matrices import measure_matrix

SMALL = QuantizerProtocol(name="small", codebooks=2, bits=2, seeds=2, threads=1, lsq_iterations=2)
RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=(60, 8))
HOSTILE: dict[str, np.ndarray] = {
    "normal": NORMAL,
    "float32": NORMAL.astype(np.float32),
    "one row": NORMAL[:1],
    "two rows": NORMAL[:2],
    "two equal rows": np.repeat(NORMAL[:1], 2, axis=0),
    "four rows": NORMAL[:4],
    "one column": NORMAL[:, :1],
    "two columns": NORMAL[:, :2],
    "one by one": NORMAL[:1, :1],
    "n = d": NORMAL[:8],
    "n < d": RNG.normal(size=(20, 50)),
    "all rows equal": np.full((30, 6), 0.1),
    "all zeros": np.zeros((30, 6)),
    "some rows zero": np.vstack([np.zeros((5, 8)), NORMAL]),
    "constant columns": NORMAL * np.array([0, 1, 1, 0, 1, 1, 1, 1]) + 3.3,
    "one live column": NORMAL * np.eye(8)[3] + 0.7,
    "rank one": np.outer(RNG.normal(size=40), RNG.normal(size=9)),
    "every row twice": np.repeat(NORMAL, 2, axis=0),
    "mostly one row": np.vstack([np.repeat(NORMAL[:1], 200, axis=0), NORMAL]),
    "two points": NORMAL[RNG.integers(0, 2, 50)],
    "far away": NORMAL + 1e8,
    "huge": NORMAL * 1e200,
    "huge and alike": np.full((9, 4), 1e200),
    "tiny": NORMAL * 1e-200,
    "subnormal": NORMAL * 1e-315,
    "largest float32": (NORMAL.clip(-1, 1) * np.finfo(np.float32).max).astype(np.float32),
    "unlike scales": NORMAL * np.geomspace(1e12, 1e-12, 8),
    "one outlier": np.vstack([NORMAL, np.full((1, 8), 1e9)]),
    "signs": np.sign(NORMAL),
    "one-hot": np.eye(12),
}


def assert_sound(name: str, found: Measurement) -> None:
    assert (found.value is None) == (found.reason is not None), name
    low, high = found.range
    assert all(bound is None or math.isfinite(bound) for bound in found.range)
    if found.value is None:
        assert len(found.reason) > 10
        assert "fault of ours" not in found.reason, name
        return
    assert math.isfinite(found.value), name
    slack = 1e-9 * max(1.0, abs(found.value))  # ranges are exact, sums are not
    assert low is None or found.value >= low - slack, name
    assert high is None or found.value <= high + slack, name


@pytest.mark.parametrize("cloud", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_value_in_its_range_or_a_reason(cloud: np.ndarray) -> None:
    names = [name for name in MEASURES if MEASURES[name].cloud and not uses_protocol(name)]
    for name, found in measure_cloud(cloud, names, SMALL, 0).items():
        assert_sound(name, found)


@pytest.mark.parametrize("cloud", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("centred", [False, True])
def test_a_value_in_its_range_or_a_reason_on_matrices(cloud: np.ndarray, centred: bool) -> None:
    for name, found in measure_matrix(cloud, centred=centred).items():
        assert_sound(name, found)


@pytest.mark.parametrize("name", list(MEASURES))
def test_declaration_is_complete(name: str) -> None:
    declared = MEASURES[name]
    assert declared.name == name
    assert declared.definition[0].isupper()
    assert len(declared.definition) < 140
    assert declared.direction.startswith("higher = ")
    assert declared.unit in {"1", "dimensions", "nats", "nats²", "%"}
    assert declared.keeps <= INVARIANCES
    assert declared.version >= 1
    assert len(declared.limits(100, 10)) == 2


def test_spectral_measures_apply_to_matrices() -> None:
    assert {"effective_rank", "isoscore", "participation_ratio", "mean_cosine"} <= set(matrix_measures())
    assert "rankme" not in matrix_measures()


def test_listing_measures_loads_nothing_heavy() -> None:
    code = """
import sys
from lmgeo.measures.declare import MEASURES
from lmgeo.measures import compute
assert len(list(MEASURES)) > 9
heavy = {'torch', 'faiss', 'pandas', 'scipy.stats', 'sklearn', 'transformers', 'numba'} & set(sys.modules)
sys.exit(f'loaded {heavy}' if heavy else 0)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
