"""What no protocol sets and every result's key must still know; needs no library, so that plans stay quick."""

from __future__ import annotations

SWEEPS = 4  # passes over the codes after a perturbation, as FAISS's icm_iters
IMPLEMENTATION = 2  # of the compiled local search; raised whenever its numbers change
