"""What no protocol sets and every result's key must still know; needs no library, so that plans stay quick."""

from __future__ import annotations

SWEEPS = 4  # passes over the codes after a perturbation, as FAISS's icm_iters
IMPLEMENTATION = 4  # of our own quantizers, compiled or on torch; raised whenever their numbers change
RIDGE = 1e-2  # FAISS's lambd: keeps codebooks of unused cells defined
POWER = 0.5  # of the temperature's fall, FAISS's p
