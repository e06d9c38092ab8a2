"""Rows of k-means on torch: meant for a GPU, where a round is one product, one argmin and one scatter."""

from __future__ import annotations

import numpy as np
import torch

from lmgeo.core.arrays import Float32, Float64, Int, ndarray

_BLOCK_VALUES = 2**26  # of products at a time: 256 MB


class TorchSide:
    """Rows on a device."""

    def __init__(self, rows: Float32[ndarray, "n b"], device: str) -> None:
        self._rows = torch.from_numpy(rows).to(device)

    def nearest(self, centroids: Float32[ndarray, "K b"]) -> Int[ndarray, " n"]:
        """For each row the centroid nearest to it."""
        there = torch.from_numpy(centroids).to(self._rows.device)
        norms, weights = there.square().sum(dim=1), there.T
        step = max(1, _BLOCK_VALUES // len(centroids))
        parts = [torch.addmm(norms, part, weights, alpha=-2).argmin(dim=1) for part in self._rows.split(step)]
        return torch.cat(parts).cpu().numpy().astype(np.int32)

    def sums(self, codes: Int[ndarray, " n"], K: int) -> Float64[ndarray, "K b"]:
        """The sum of each cell's rows."""
        total = torch.zeros(K, self._rows.shape[1], dtype=torch.float64, device=self._rows.device)
        places = torch.from_numpy(codes.astype(np.int64)).to(self._rows.device)
        return total.index_add_(0, places, self._rows.double()).cpu().numpy()

    def rows(self, chosen: Int[ndarray, " k"]) -> Float32[ndarray, "k b"]:
        """Copies of some of the rows."""
        return self._rows[torch.from_numpy(chosen.astype(np.int64)).to(self._rows.device)].cpu().numpy()
