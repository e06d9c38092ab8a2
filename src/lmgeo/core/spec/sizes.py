"""Sizes of models by name: width, blocks and heads, each with both ways of counting its parameters."""

from __future__ import annotations

from dataclasses import dataclass

PAPER_VOCABULARY = 50_280
DESKTOP_VOCABULARY = 2_048


@dataclass(frozen=True)
class Size:
    """The shape that a size's name stands for.

    Attributes:
        width: d.
        layers: blocks.
        heads: attention heads.
    """

    width: int
    layers: int
    heads: int

    @property
    def blocks(self) -> int:
        """Parameters of the blocks by the rule of thumb 12·L·d²: norms and embeddings apart."""
        return 12 * self.layers * self.width**2


# The paper's labels count one embedding matrix beside the blocks, as for tied models; widths and depths were not
# published for it, so these are the shapes that come nearest to the labels at a vocabulary of 50,280.
PAPER_SIZES = {
    "4M": Size(64, 8, 2),
    "8M": Size(128, 8, 4),
    "14M": Size(192, 8, 6),
    "20M": Size(256, 8, 8),
    "37M": Size(384, 10, 12),
    "75M": Size(576, 12, 18),
}
# Desktop labels count everything, both embedding matrices too, at a vocabulary of 2,048.
DESKTOP_SIZES = {
    "0.1M": Size(24, 2, 2),
    "0.2M": Size(40, 2, 2),
    "0.3M": Size(56, 3, 2),
    "0.5M": Size(80, 3, 4),
    "1M": Size(112, 4, 4),
    "2M": Size(160, 4, 4),
    "5M": Size(256, 5, 8),
}
SIZES = {**DESKTOP_SIZES, **PAPER_SIZES}
