"""The spectrum of one matrix: how it is read, kept, and shown to measures."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.states import spectrum as module
from lmgeo.states.batch import RowBatch
from lmgeo.states.moments import Moments
from lmgeo.states.spectrum import MatrixSpectrum, SingularValues, spectrum_of

EPSILON = 2.0**-23


def read(W: np.ndarray, **settings: bool) -> MatrixSpectrum:
    return spectrum_of(lambda: [W], *W.shape, EPSILON, **settings)


def matrix(n: int = 60, d: int = 9, condition: float = 10.0) -> np.ndarray:
    rng = np.random.default_rng(n + d)
    r = min(n, d)
    U, V = (np.linalg.qr(rng.normal(size=(k, r)))[0] for k in (n, d))
    return (U * np.geomspace(1, 1 / condition, r)) @ V.T + 0.2


@pytest.mark.parametrize("shape", [(60, 9), (9, 60), (20, 20)])
@pytest.mark.parametrize("centred", [False, True])
def test_reads_as_moments_do(shape: tuple[int, int], centred: bool) -> None:
    W = matrix(*shape)
    state = Moments.empty(shape[1], centred=centred, groups=1)
    state.update(RowBatch.of_cloud(W))
    found = read(W, centred=centred).moments()
    assert (found.n, found.d, found.centred) == (state.n, state.d, centred)
    tolerance = {"rtol": 1e-9, "atol": 1e-12}
    np.testing.assert_allclose(found.eigenvalues, state.eigenvalues, **tolerance)
    np.testing.assert_allclose(found.spectrum, state.spectrum, **tolerance)
    np.testing.assert_allclose(found.singular_values_uncentred, state.singular_values_uncentred, rtol=1e-9, atol=1e-8)
    assert found.constant_columns == 0


def test_constant_columns_are_those_of_the_matrix() -> None:
    W = matrix(60, 9)
    W[:, 3] = 7.0
    assert read(W).moments().constant_columns == 1


def test_squares_are_enough_where_they_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    assert read(matrix(condition=100)).raw.how == "gram"
    small = read(matrix(condition=1e7))
    assert (small.raw.how, small.exact) == ("svd", True)
    monkeypatch.setattr(module, "_SMALL", 10)
    large = read(matrix(condition=1e7))
    assert (large.raw.how, large.exact) == ("gram", False)
    with pytest.raises(SpecError, match="not exact"):
        SingularValues.of(large)
    again = read(matrix(condition=1e7), exact=True)
    assert (again.raw.how, again.exact) == ("svd", True)
    assert SingularValues.of(again).spectrum is again


@pytest.mark.parametrize(
    ("condition", "settings", "how"),
    [(20, {}, "gram32"), (1e4, {}, "gram"), (20, {"exact": True}, "gram"), (1e7, {"exact": True}, "svd")],
)
@pytest.mark.parametrize("centred", [False, True])
def test_large_matrices_are_multiplied_in_single_precision_where_that_is_enough(
    condition: float, settings: dict[str, bool], how: str, centred: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    W = matrix(400, 30, condition).astype(np.float32)
    expected = np.linalg.svd(W.astype(float) - (W.astype(float).mean(axis=0) if centred else 0), compute_uv=False)
    monkeypatch.setattr(module, "_SMALL", 10)
    found = read(W, centred=centred, **settings)
    np.testing.assert_allclose(found.values, expected, rtol=2e-5, atol=1e-12)
    assert found.how == how
    assert found.exact == (how != "gram32" and (condition < 1e5 or bool(settings)))


def test_double_precision_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_SMALL", 10)
    found = spectrum_of(lambda: [matrix(400, 30)], 400, 30, 2.0**-52)
    _ = found.values
    assert found.how == "gram"


def test_only_what_is_read_is_made() -> None:
    made: list[str] = []

    def values(name: str):
        def make() -> module.Values:
            made.append(name)
            return module.Values(np.array([2.0, 1.0]), True, "gram")

        return make

    found = MatrixSpectrum(5, 2, values("raw"), values("less_mean"), constant_columns=0, epsilon=EPSILON)
    assert found.eigenvalues.tolist() == [4.0, 1.0]
    _ = found.moments().spectrum, found.exact, found.how
    assert made == ["raw"]
    _ = found.moments().eigenvalues
    assert made == ["raw", "less_mean"]


def test_kept_and_read_again() -> None:
    found = read(matrix(condition=1e7))
    arrays, notes = found.to_arrays()
    for centred in (False, True):
        again = MatrixSpectrum.from_arrays(arrays, notes, centred=centred)
        fresh = read(matrix(condition=1e7), centred=centred)
        np.testing.assert_allclose(again.values, fresh.values, rtol=1e-6)
        assert (again.n, again.d, again.epsilon) == (60, 9, EPSILON)
        assert again.exact == fresh.exact


@pytest.mark.parametrize("centred", [False, True])
def test_what_has_no_spectrum(centred: bool) -> None:
    for W in (np.zeros((5, 3)), np.full((5, 3), 0.1) if centred else np.zeros((3, 5))):
        with pytest.raises(NotEnoughData, match="no spectrum"):
            _ = read(W, centred=centred).values


def test_squares_that_overflow_are_had_from_the_values() -> None:
    W = matrix() * 1e200
    found = read(W)
    assert found.raw.how == "svd"
    assert found.values == pytest.approx(np.linalg.svd(W, compute_uv=False), rel=1e-9)
    with pytest.raises(NotEnoughData, match="overflow"):
        _ = found.eigenvalues
    with pytest.raises(NotEnoughData, match="overflow"):
        _ = found.moments().eigenvalues


@pytest.mark.parametrize("scale", [1e-150, 1e-161, 1e-170])
def test_squares_without_digits_are_refused(scale: float) -> None:
    found = read(matrix() * scale)
    assert found.values == pytest.approx(read(matrix()).values * scale, rel=1e-9)
    for squares in ("eigenvalues", "power_law"):
        with pytest.raises(NotEnoughData, match="too small to be squared"):
            _ = getattr(found, squares)
    with pytest.raises(NotEnoughData, match="too small to be squared"):
        _ = found.moments().eigenvalues


def test_sums_that_overflow_are_said() -> None:
    with pytest.raises(NotEnoughData, match="overflow"):
        _ = read(np.full((8, 4), 1e308)).values
