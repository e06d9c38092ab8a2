"""Which tokens a masked language model has to guess, and what it sees in their place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lmgeo.core.arrays import Bool, Int, ndarray

SHOWN_MASK, SHOWN_RANDOM = 0.8, 0.1  # of the chosen tokens; the remaining tenth is shown as it is


@dataclass(frozen=True)
class Masked:
    """A batch with chosen tokens hidden.

    Attributes:
        ids: what the model sees, (B, T).
        chosen: which tokens it has to guess, (B, T).
        targets: the true ids at the chosen places, row by row, (m,).
    """

    ids: Int[ndarray, "b t"]
    chosen: Bool[ndarray, "b t"]
    targets: Int[ndarray, " m"]


def mask_tokens(
    ids: Int[ndarray, "b t"],
    maskable: Bool[ndarray, "b t"],
    fraction: float,
    mask_id: int,
    vocabulary: int,
    random: np.random.Generator,
) -> Masked:
    """Choose each maskable token with probability `fraction`, at least one a batch.

    Of the chosen, 80 % are shown as the mask token, 10 % as a random token of the vocabulary and 10 % as
    they are (Devlin et al. 2019).

    Args:
        ids: token ids.
        maskable: real tokens that are not special.
        fraction: in (0, 1).
        mask_id: id of the mask token.
        vocabulary: ids are below it.
        random: the stream of the masks.
    """
    draw = np.where(maskable, random.random(ids.shape), np.inf)
    chosen = (draw < fraction) | (maskable & (draw == draw.min()))
    shown = random.random(ids.shape)
    noise = random.integers(0, vocabulary, ids.shape)
    seen = np.where(chosen & (shown < SHOWN_MASK), mask_id, ids)
    swapped = chosen & (shown >= SHOWN_MASK) & (shown < SHOWN_MASK + SHOWN_RANDOM)
    return Masked(np.where(swapped, noise, seen), chosen, ids[chosen])
