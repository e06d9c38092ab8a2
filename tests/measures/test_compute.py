"""Measuring by name: states needed, merged states, reasons, identities, matrices."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.identity import content_key
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures import compute as module
from lmgeo.measures.compute import (
    cloud_measures,
    compute,
    compute_each,
    identity_of,
    matrix_measures,
    measure_cloud,
    states_needed,
    uses_protocol,
)
from lmgeo.measures.declare import MEASURES
from lmgeo.measures.matrices import measure_matrix
from lmgeo.states.batch import RowBatch
from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.registry import STATES
from lmgeo.states.rows import Rows

SMALL = QuantizerProtocol(name="small", codebooks=2, bits=3, seeds=2, threads=1, lsq_iterations=2)
DIRECT = [name for name in MEASURES if MEASURES[name].cloud and not uses_protocol(name)]


def cloud(n: int = 300, d: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(n, d)) * np.geomspace(3, 0.2, d) + 1.0


def states_of(X: np.ndarray, start: int = 0) -> dict[type, object]:
    states = {kind: kind.empty(X.shape[1]) for kind in STATES}
    for state in states.values():
        state.update(RowBatch.of_cloud(X, start))
    return states


def test_states_needed() -> None:
    assert states_needed(["eee", "rankme"]) == {Moments}
    assert states_needed(["mean_cosine", "vrm"]) == {Directions, Rows}
    assert states_needed(["lsq_patchiness"]) == {Rows}
    assert states_needed([]) == set()


@pytest.mark.parametrize("parts", [2, 5])
def test_merged_states_measure_as_one_pass_does(parts: int) -> None:
    X = cloud()
    pieces = np.array_split(np.arange(len(X)), parts)
    merged = states_of(X[pieces[0]])
    for piece in pieces[1:]:
        more = states_of(X[piece], int(piece[0]))
        merged = {kind: state.merge(more[kind]) for kind, state in merged.items()}
    names = [*DIRECT, "pq_patchiness"]
    whole = measure_cloud(X, names, SMALL, 0)
    for name, found in compute(merged, names, SMALL, 0).items():
        assert found.value == pytest.approx(whole[name].value, rel=1e-10), name


def test_values_come_in_the_order_asked_for() -> None:
    names = ["vrm", "pq_error", "eee", "mean_cosine"]
    assert list(measure_cloud(cloud(), names, SMALL, 0)) == names


def test_a_seed_gives_the_same_values_again() -> None:
    names = ["lsq_error", "pq_error", "vrm"]
    assert measure_cloud(cloud(), names, SMALL, 3) == measure_cloud(cloud(), names, SMALL, 3)


def test_measurements_are_plain_json() -> None:
    for found in measure_cloud(cloud().astype(np.float32), cloud_measures(["*"]), SMALL, 0).values():
        assert json.loads(json.dumps(found.to_json(), allow_nan=False)) == found.to_json()


def test_progress_is_told() -> None:
    told: list[str] = []
    measure_cloud(cloud(), ["eee", "vrm"], SMALL, 0, lambda label, done, total: told.append(label))
    assert {"eee", "vrm"} <= set(told)


def test_a_missing_state_is_named() -> None:
    with pytest.raises(SpecError, match="no Moments"):
        compute({Directions: Directions.empty(3)}, ["mean_cosine", "eee"], SMALL, 0)


def test_unknown_names_are_answered_with_near_ones() -> None:
    with pytest.raises(UnknownName, match="effective_rank"):
        measure_cloud(cloud(), ["efective_rank"], SMALL, 0)


def test_a_value_that_cannot_be_had_has_a_reason() -> None:
    found = measure_cloud(cloud(3), ["vrm", "eee", "pq_error"], SMALL, 0)
    assert found["vrm"].value is None
    assert "3 rows" in (found["vrm"].reason or "")
    assert found["pq_error"].value is None
    assert found["eee"].value is not None


def test_a_fault_of_ours_is_null_and_said(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = dataclasses.replace(MEASURES["eee"], name="broken", function=lambda m: float("nan"))
    monkeypatch.setitem(MEASURES._items, "broken", broken)
    found = measure_cloud(cloud(), ["broken"], SMALL, 0)["broken"]
    assert found.value is None
    assert "nan" in (found.reason or "")


def test_conversion_is_in_the_details() -> None:
    found = measure_cloud(cloud().astype(np.float16), ["eee", "pq_error"], SMALL, 0)
    assert all("float16 to float32" in each.details["converted"] for each in found.values())
    assert "converted" not in measure_cloud(cloud(), ["eee"], SMALL, 0)["eee"].details


def test_integers_measure_as_the_same_floats() -> None:
    X = np.random.default_rng(1).integers(-100, 100, size=(50, 4))
    found = measure_cloud(X, ["eee"], SMALL, 0)["eee"].value
    assert found == measure_cloud(X.astype(float), ["eee"], SMALL, 0)["eee"].value


@pytest.mark.parametrize(
    ("X", "error"),
    [
        (np.zeros((0, 3)), NotEnoughData),
        (np.zeros(3), SpecError),
        (np.full((3, 3), np.nan), SpecError),
        (np.full((3, 3), "a"), SpecError),
    ],
)
def test_unsound_clouds_are_refused(X: np.ndarray, error: type[Exception]) -> None:
    with pytest.raises(error):
        measure_cloud(X, ["eee"], SMALL, 0)
    with pytest.raises(error):
        measure_matrix(X)


def test_a_cloud_beyond_the_reservoir_is_sampled_by_the_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Rows.of_cloud
    monkeypatch.setattr(module.Rows, "of_cloud", lambda rows, seed=0: own(rows, capacity=200, seed=seed))
    first, second = (measure_cloud(cloud(), ["vrm", "pq_error"], SMALL, seed) for seed in (1, 2))
    assert first["vrm"].details["rows_left_out"] == 100
    assert first["pq_error"].details["rows_left_out"] == 100
    assert first["vrm"].value != second["vrm"].value


def test_identity_holds_what_moves_a_value_and_no_more() -> None:
    default = QuantizerProtocol(name="default")
    published = QuantizerProtocol(name="p", seeds=None, order="input")
    assert identity_of("eee", default, 3) == identity_of("vrm", SMALL, 0) == {}
    assert content_key(identity_of("pq_error", default, 0)) != content_key(identity_of("pq_error", default, 1))
    assert content_key(identity_of("pq_error", default, 0)) != content_key(identity_of("pq_error", SMALL, 0))
    assert identity_of("lsq_error", published, 0) == identity_of("lsq_error", published, 1)


def test_the_version_a_key_holds_is_the_declared_one() -> None:
    from lmgeo.study.wanted import measure_identity

    found = {name: measure_identity(name, "default", 0) for name in MEASURES}
    assert {name: identity["version"] for name, identity in found.items()} == {
        n: m.version for n, m in MEASURES.items()
    }
    assert found["eee"] == {"name": "eee", "version": 1}  # no protocol, no seed: neither moves it
    assert found["lsq_error"]["protocol"]["name"] == "default"


def test_protocol_measures_are_the_quantized_ones() -> None:
    assert {name for name in MEASURES if uses_protocol(name)} == {
        name for name in MEASURES if name.startswith(("pq_", "lsq_", "rq_"))
    }


def test_matrix_by_default_and_centred() -> None:
    W = cloud(100) + 5.0
    plain, centred = measure_matrix(W), measure_matrix(W, centred=True)
    assert sorted(plain) == matrix_measures()
    shared = [name for name in matrix_measures() if MEASURES[name].cloud]
    as_cloud = measure_cloud(W, shared, SMALL, 0)
    assert {name: centred[name].value for name in shared} == pytest.approx(
        {name: found.value for name, found in as_cloud.items()}
    )
    assert plain["effective_rank"].value == pytest.approx(measure_cloud(W, ["rankme"], SMALL, 0)["rankme"].value)
    assert plain["isoscore"].value == centred["isoscore"].value
    assert plain["stable_rank"].value < centred["stable_rank"].value


def test_wide_matrices_have_ranges_without_the_centring() -> None:
    W = np.random.default_rng(2).normal(size=(5, 9))
    assert measure_matrix(W, ["effective_rank"])["effective_rank"].range == (1.0, 5.0)
    assert measure_matrix(W, ["effective_rank"], centred=True)["effective_rank"].range == (1.0, 4.0)


def test_measures_that_are_not_for_matrices() -> None:
    with pytest.raises(SpecError, match="vrm: not defined for weight matrices"):
        measure_matrix(cloud(), ["eee", "vrm"])


def test_several_clouds_are_measured_as_each_alone() -> None:
    names = ["effective_rank", "mean_cosine", "rankme", "twonn"]
    made = {name: states_of(cloud(90, seed=seed)) for name, seed in [("a", 1), ("b", 2)]}
    clouds = {**made, "again": made["b"]}  # one place under two names
    found = compute_each(clouds, names, SMALL, 0)
    assert list(found) == ["a", "b", "again"]
    assert found["again"] is found["b"]
    for name, states in made.items():
        assert list(found[name]) == names
        alone = compute(states, names, SMALL, 0)
        assert {m: (v.value, v.spread) for m, v in found[name].items()} == {
            m: (pytest.approx(v.value, rel=1e-12), v.spread and pytest.approx(v.spread, rel=1e-9))
            for m, v in alone.items()
        }
