"""Masks: the right share, the right places, the right disguises."""

from __future__ import annotations

import numpy as np
import pytest

from lmgeo.train.masking import mask_tokens

MASK, VOCABULARY = 4, 1000


def draw(fraction: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray, object]:
    ids = np.random.default_rng(9).integers(5, VOCABULARY, (200, 50))
    maskable = np.ones(ids.shape, bool)
    maskable[:, 0] = False
    return ids, maskable, mask_tokens(ids, maskable, fraction, MASK, VOCABULARY, np.random.default_rng(seed))


@pytest.mark.parametrize("fraction", [0.15, 0.3])
def test_shares_are_as_stated(fraction: float) -> None:
    ids, maskable, masked = draw(fraction)
    assert masked.chosen[maskable].mean() == pytest.approx(fraction, abs=0.02)
    seen, true = masked.ids[masked.chosen], ids[masked.chosen]
    assert (seen == MASK).mean() == pytest.approx(0.8, abs=0.03)
    assert (seen == true).mean() == pytest.approx(0.1, abs=0.03)


def test_only_chosen_tokens_change_and_targets_are_true() -> None:
    ids, maskable, masked = draw(0.3)
    np.testing.assert_array_equal(masked.ids[~masked.chosen], ids[~masked.chosen])
    np.testing.assert_array_equal(masked.targets, ids[masked.chosen])
    assert not masked.chosen[~maskable].any()


def test_one_token_at_least_is_chosen() -> None:
    maskable = np.array([[False, True, False]])
    for seed in range(20):
        masked = mask_tokens(np.array([[2, 50, 3]]), maskable, 1e-9, MASK, VOCABULARY, np.random.default_rng(seed))
        assert masked.targets.tolist() == [50]


def test_masks_follow_the_stream() -> None:
    np.testing.assert_array_equal(draw(0.3, 1)[2].ids, draw(0.3, 1)[2].ids)
    assert not np.array_equal(draw(0.3, 1)[2].ids, draw(0.3, 2)[2].ids)
