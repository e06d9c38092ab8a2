"""Every declaration is complete, and no measure leaves its range or gives NaN on any sound cloud."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from lmgeo.core.measurement import Measurement
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.comparisons import Twins, compared
from lmgeo.measures.compute import matrix_measures, measure_cloud, uses_protocol
from lmgeo.measures.declare import COMPARISONS, INVARIANCES, MEASURES
from lmgeo.measures.matrices import measure_matrix
from lmgeo.numerics.conversion import as_floats
from lmgeo.states.batch import RowBatch
from lmgeo.states.comoments import CoMoments
from lmgeo.states.rows import Rows
from lmgeo.states.steps import Steps

SMALL = QuantizerProtocol(name="small", codebooks=2, bits=2, seeds=2, threads=1, lsq_iterations=2)
RNG = np.random.default_rng(5)
NORMAL = RNG.normal(size=(60, 8))
DIRECT = [name for name in MEASURES if MEASURES[name].cloud and not uses_protocol(name)]
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
    "squares without digits": NORMAL * 1e-160,
    "subnormal": NORMAL * 1e-315,
    "largest float32": (NORMAL.clip(-1, 1) * np.finfo(np.float32).max).astype(np.float32),
    "unlike scales": NORMAL * np.geomspace(1e12, 1e-12, 8),
    "one outlier": np.vstack([NORMAL, np.full((1, 8), 1e9)]),
    "one outlier beyond all": np.vstack([NORMAL, np.full((1, 8), 1e30)]),
    "a tenth twice": np.vstack([NORMAL, NORMAL[:6]]),
    "float16": NORMAL.astype(np.float16),
    "int8": (NORMAL * 30).astype(np.int8),
    "uint64": ((NORMAL + 5) * 2.0**59).astype(np.uint64),
    "big-endian, backwards": NORMAL.astype(">f4")[::-1, ::-1],
    "Fortran order": np.asfortranarray(NORMAL),
    "one row, broadcast": np.broadcast_to(NORMAL[:1], (50, 8)),
    "signs": np.sign(NORMAL),
    "one-hot": np.eye(12),
}


def assert_sound(name: str, found: Measurement) -> None:
    assert (found.value is None) == (found.reason is not None), name
    low, high = found.range
    assert all(bound is None or math.isfinite(bound) for bound in found.range)
    assert found.spread is None or (math.isfinite(found.spread) and found.spread >= 0), name
    if found.value is None:
        assert found.spread is None, name
        assert len(found.reason) > 10
        assert "fault of ours" not in found.reason, name
        return
    assert math.isfinite(found.value), name
    slack = 1e-9 * max(1.0, abs(found.value))  # ranges are exact, sums are not
    assert low is None or found.value >= low - slack, name
    assert high is None or found.value <= high + slack, name


@pytest.mark.parametrize("cloud", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_value_in_its_range_or_a_reason(cloud: np.ndarray) -> None:
    for name, found in measure_cloud(cloud, DIRECT, SMALL, 0).items():
        assert_sound(name, found)
        if found.value is not None:
            assert (found.spread is None) == ("no_spread" in found.details), name


@pytest.mark.parametrize("cloud", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("centred", [True, False])
def test_a_value_in_its_range_or_a_reason_from_every_quantizer(cloud: np.ndarray, centred: bool) -> None:
    protocol = SMALL if centred else SMALL.model_copy(update={"centred": False, "order": "input", "seeds": None})
    for name, found in measure_cloud(cloud, [n for n in MEASURES if uses_protocol(n)], protocol, 0).items():
        assert_sound(name, found)


@pytest.mark.parametrize("cloud", HOSTILE.values(), ids=HOSTILE.keys())
@pytest.mark.parametrize("other", ["itself", "unrelated"])
def test_a_value_in_its_range_or_a_reason_from_every_comparison(cloud: np.ndarray, other: str) -> None:
    second = cloud if other == "itself" else np.random.default_rng(6).normal(size=(len(cloud), 5))
    rows = [Rows.of_cloud(side) for side in (cloud, second)]
    steps = Steps.empty(cloud.shape[1])
    n = np.arange(len(cloud))
    steps.update(RowBatch(as_floats(cloud), n // 10, n % 10, np.zeros(len(n), bool)))
    available = {CoMoments: CoMoments.of_clouds(cloud, second), Steps: steps, Twins: Twins(*rows)}
    for name, found in compared(available, list(COMPARISONS)).items():
        assert_sound(name, found)
        if found.value is not None:
            assert (found.spread is None) == ("no_spread" in found.details), name


@pytest.mark.parametrize("exponent", [-1000, -560, -540, -520, -500, -300, -60, 60, 300, 500, 520, 1000])
def test_a_scale_moves_no_value_however_great_or_small(exponent: int) -> None:
    """By powers of two, so that rounding plays no part: the same value, or none."""
    names = [name for name in DIRECT if "scale" in MEASURES[name].keeps]
    plain, scaled = (measure_cloud(X, names, SMALL, 0) for X in (NORMAL, np.ldexp(NORMAL, exponent)))
    for name in names:
        value = scaled[name].value
        assert value is None or value == pytest.approx(plain[name].value, rel=1e-6), name


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
