"""Measures of how far nearest neighbours lie: intrinsic dimension and evenness, on distinct rows."""

from __future__ import annotations

import math

import numpy as np

from lmgeo.measures.declare import Valued, measure
from lmgeo.numerics.dimension import levina_bickel, two_nearest
from lmgeo.numerics.histograms import BINS, histogram_overlap
from lmgeo.numerics.neighbours import TIED
from lmgeo.numerics.normal_distances import expected_log_nearest
from lmgeo.states.neighbours import Neighbours

NEIGHBOURS = 20  # of mle_id
_ALL = {"shift", "rotation", "scale", "duplicate"}


@measure(
    state=Neighbours,
    unit="dimensions",
    range=(0, None),
    keeps=_ALL,
    direction="higher = more dimensions",
    cite="Facco et al. 2017",
    formula="slope through 0 of −log(1 − (i−1)/N) on log μ₍ᵢ₎, μ = ρ₂/ρ₁, greatest 10 % of the N dropped",
)
def twonn(m: Neighbours) -> Valued:
    """Intrinsic dimension from the ratio of second to first neighbour distance, among distinct rows."""
    nearest = m.distances(2)
    return Valued(two_nearest(nearest[:, 0], nearest[:, 1]), m.details)


@measure(
    state=Neighbours,
    unit="dimensions",
    range=(0, None),
    keeps=_ALL,
    direction="higher = more dimensions",
    cite="Levina & Bickel 2005; MacKay & Ghahramani 2005",
    formula="1 / meanᵢ[Σ_{j<k} log(T_k/T_j) / (k−1)], k = 20",
)
def mle_id(m: Neighbours) -> Valued:
    """Intrinsic dimension of greatest likelihood given the 20 nearest neighbours, inverses averaged."""
    return Valued(levina_bickel(m.distances(NEIGHBOURS)), {**m.details, "neighbours": NEIGHBOURS})


@measure(
    state=Neighbours,
    unit="1",
    range=(0, 1),
    keeps=_ALL,
    direction="higher = nearest and farther neighbours are more alike in distance",
    cite="Marbut et al. 2023",
    formula="Σ_b min(h₁(b), h_k(b)) / n over 30 shared bins, k = min(5d, 100)",
    extremes=True,
)
def knn_overlap(m: Neighbours) -> Valued:
    """Overlap of the histograms of first- and k-th-neighbour distances on the same bins, over the count."""
    k = m.overlap_neighbours
    nearest = m.distances(k)
    overlap = histogram_overlap(nearest[:, 0], nearest[:, -1], TIED)
    note = {} if overlap else {"note": "the two histograms have no bin in common"}
    return Valued(overlap, {**m.details, "neighbours": k, "bins": BINS, **note})


@measure(
    state=Neighbours,
    unit="1",
    range=(None, None),
    keeps=_ALL,
    direction="higher = rows farther from their nearest neighbours; 1 = as in a standard normal",
    cite="Marbut et al. 2023",
    formula="H(X)/E[H(N(0, I))], H = mean log(n·ρ₁) + log 2 + γ, X scaled to Σλ = d",
)
def koleo_ratio(m: Neighbours) -> Valued:
    """Kozachenko–Leonenko entropy of first-neighbour distances over a standard normal's of the same n and d."""
    logs = np.log(m.distances(1)[:, 0])
    scale = math.log(m.d / m.total_variance) / 2
    constant = math.log(m.n) + math.log(2) + np.euler_gamma
    own = float(logs.mean()) + scale + constant
    normal = expected_log_nearest(m.n, m.d) + constant
    return Valued(own / normal, {**m.details, "entropy": own, "normal_entropy": normal})
