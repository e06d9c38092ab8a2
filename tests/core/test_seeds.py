from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lmgeo.core.seeds import numpy_stream, stream_seed


def test_streams_stay_what_they_were() -> None:
    """A change here changes every seeded result there is."""
    assert stream_seed(0, "noise") == 1129392339022293447
    assert stream_seed(1, "quantizer", "pq") == 2299059950996342531
    assert numpy_stream(0, "noise").integers(2**31, size=3).tolist() == [55026647, 257117122, 102312006]


def test_a_seed_is_the_low_63_bits_of_a_hash() -> None:
    digest = hashlib.sha256(b"7/init/head").digest()
    assert stream_seed(7, "init", "head") == int.from_bytes(digest[:8], "little") // 2


@given(st.integers(-(2**40), 2**40), st.text())
def test_a_seed_fits_every_library(seed: int, name: str) -> None:
    assert 0 <= stream_seed(seed, name) < 2**63


def test_each_name_and_each_seed_has_its_own_stream() -> None:
    names = [(), ("a",), ("b",), ("a", "b"), ("b", "a"), ("ab",), ("ab", "c"), ("a", "bc")]
    seeds = {stream_seed(seed, *name) for seed in range(50) for name in names}
    assert len(seeds) == 50 * len(names)


def test_streams_are_uncorrelated() -> None:
    draws = np.stack(
        [numpy_stream(s, n).standard_normal(4000) for s in (0, 1, 2) for n in ("init", "noise", "dropout")]
    )
    off_diagonal = np.asarray(np.corrcoef(draws)) - np.eye(len(draws))
    assert np.abs(off_diagonal).max() < 5 / np.sqrt(4000)


def test_first_draws_over_seeds_are_uniform() -> None:
    first = np.array([numpy_stream(seed, "order").random() for seed in range(2000)])
    counts = np.histogram(first, bins=10, range=(0, 1))[0]
    chi_square = ((counts - 200) ** 2 / 200).sum()
    assert chi_square < 30  # 9 degrees of freedom: p about 4e-4


def test_using_one_stream_leaves_another_alone() -> None:
    alone = numpy_stream(3, "data_order").random(5)
    numpy_stream(3, "head").random(100)
    np.testing.assert_array_equal(numpy_stream(3, "data_order").random(5), alone)
