"""Random codes of the local search on torch: each row's own numbers, those of the compiled search."""

from __future__ import annotations

import torch
from torch import Tensor


def first_states(seed: int, start: int, n: int, device: torch.device) -> Tensor:
    """One state of the random numbers for each row, from the seed and the row's number alone."""
    return _mix(_signed(seed) ^ _mix(torch.arange(start + 1, start + n + 1, device=device)))


def perturbed(codes: Tensor, perturbations: int, K: int, state: Tensor) -> Tensor:
    """Set random codes, in place and one after another: a later one may undo an earlier one."""
    for _ in range(perturbations):
        state = state + _signed(0x9E3779B97F4A7C15)
        bits = _mix(state)
        codes.scatter_(1, (_shifted(bits, 32) % codes.shape[1])[:, None], ((bits & 0xFFFFFFFF) % K)[:, None])
    return state


def _mix(z: Tensor) -> Tensor:
    """The splitmix64 finaliser in signed integers, whose products wrap as unsigned ones do."""
    z = (z ^ _shifted(z, 30)) * _signed(0xBF58476D1CE4E5B9)
    z = (z ^ _shifted(z, 27)) * _signed(0x94D049BB133111EB)
    return z ^ _shifted(z, 31)


def _shifted(z: Tensor, bits: int) -> Tensor:
    """z shifted right as an unsigned number."""
    return (z >> bits) & ((1 << (64 - bits)) - 1)


def _signed(value: int) -> int:
    """The signed 64-bit integer with the bits of `value`."""
    return value - (1 << 64) if value >= 1 << 63 else value
