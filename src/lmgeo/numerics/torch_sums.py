"""Sums over the rows of torch tensors, on the device where they are.

Inside a model's pass on the CPU the products run on torch's own threads: numpy's would wait by
spinning while torch works, and torch's while numpy does.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor

from lmgeo.core.arrays import Float64, ndarray
from lmgeo.numerics.moments import Products

_BLOCK = 192  # columns: only blocks on and above the diagonal are multiplied, 5/8 of 768 × 768


def add_rows(
    rows: Tensor, count: int, mean: Float64[ndarray, " d"], scatter: Float64[ndarray, "d d"], products: Products
) -> None:
    """Add rows (n, d) to `mean` and to the upper triangle of `scatter`, in place.

    Args:
        rows: float32 or float64, n ≥ 1.
        count: rows that `mean` and `scatter` hold already.
        mean, scatter: in float64; entries of `scatter` far below the diagonal are left as they are.
        products: as of `mean_and_scatter`.
    """
    n = len(rows)
    kind = torch.float32 if products == "float32" else torch.float64
    first = rows[0]
    # the term between the old mean and the new one is one more row of the product
    factor = torch.empty(n + 1, rows.shape[1], dtype=kind, device=rows.device)
    centred = torch.sub(rows, first.to(kind), out=factor[:n])
    # in their own type: converting every entry takes forty times as long, and less the first row they keep their digits
    offset = centred.mean(dim=0).double()
    centred -= offset.to(kind)
    step = first.double().cpu().numpy() + offset.cpu().numpy() - mean
    factor[n] = torch.from_numpy(step * np.sqrt(count * (n / (count + n)))).to(factor)
    _add_product(factor, torch.from_numpy(scatter))
    mean += step * (n / (count + n))


def _add_product(rows: Tensor, total: Tensor) -> None:
    for start in range(0, rows.shape[1], _BLOCK):
        target = total[start : start + _BLOCK, start:]
        left, right = rows[:, start : start + _BLOCK].T, rows[:, start:]
        if rows.dtype == total.dtype and rows.device == total.device:
            target.addmm_(left, right)
        else:
            target += (left @ right).to(total.device)


def unit_sum(rows: Tensor) -> tuple[int, Float64[ndarray, " d"]]:
    """How many rows (n, d) are not zero, and the sum of their unit vectors."""
    # relative to each row's greatest entry first: squares of 1e200 or 1e-200 are out of float64
    greatest = rows.abs().amax(dim=1, keepdim=True).double()
    kept = greatest > 0
    exact = rows.double() / torch.where(kept, greatest, 1.0)
    lengths = exact.square().sum(dim=1, keepdim=True).sqrt()
    exact /= torch.where(kept, lengths, 1.0)
    return int(kept.sum()), exact.sum(dim=0).cpu().numpy()
