"""Geometry of a model in hand, as it is now: its matrices and its hidden states, from one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lmgeo.core.errors import SpecError
from lmgeo.core.measurement import Measurement

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle

LIVE_MEASURES = ("effective_rank", "effective_rank_pct", "mean_cosine", "isoscore", "partition_isotropy")
Geometry = dict[str, dict[str, Measurement]]  # object → measure → its value


def measure_live(
    handle: ModelHandle,
    texts: Sequence[str],
    sites: Sequence[str] = ("final",),
    policies: Sequence[str] = ("last", "all"),
    measures: Sequence[str] = LIVE_MEASURES,
    matrices: Sequence[str] = ("unembedding",),
    seed: int = 0,
) -> Geometry:
    """Measure weight matrices and hidden states of a model, in training or not, without a copy of it.

    Every token policy is filled from the same pass, which draws nothing, keeps no gradient and
    leaves the model in the mode it was in. Values of hidden states come without a spread.

    Args:
        handle: the model.
        texts: what goes through it; unused without sites.
        sites: as of `represent`; none for the matrices alone.
        policies: token policies. `all` gives objects named as the site, others `<site>.<policy>`.
        measures: names or globs; each object gets those that are defined for it.
        matrices: parameters' names, `unembedding` or `embedding`; one that the model lacks is left out.
        seed: of measures that sample.

    Raises:
        UnknownName: a glob that matches no measure, a site or policy that there is none of.
        SpecError: NaN or infinity in a matrix or in hidden states; nothing that a measure is defined for.
        NotEnoughData: no text, or none that leaves a token.
    """
    from lmgeo.measures.declare import MEASURES

    names = MEASURES.select(list(measures))
    found = live_matrices(handle, matrices, [name for name in names if MEASURES[name].matrix])
    found |= live_clouds(handle, texts, sites, policies, [name for name in names if MEASURES[name].cloud], seed)
    if not found:
        raise SpecError(f"{handle.label}: nothing to measure by {', '.join(names)}", "name sites or matrices it has")
    return found


def live_matrices(handle: ModelHandle, matrices: Sequence[str], names: Sequence[str]) -> Geometry:
    """Measures of weight matrices, those that the model has; as `measure_live`."""
    from lmgeo.measures.matrices import measure_tensor
    from lmgeo.models.torch_tensors import TorchTensor

    found: Geometry = {}
    for matrix in matrices if names else ():
        if (tensor := handle.matrix(matrix)) is not None:
            try:
                found[matrix] = measure_tensor(TorchTensor(tensor), names)
            except SpecError as error:
                raise SpecError(f"{handle.label}, {matrix}: {error.what}", error.mend) from error
    return found


def live_clouds(
    handle: ModelHandle,
    texts: Sequence[str],
    sites: Sequence[str],
    policies: Sequence[str],
    names: Sequence[str],
    seed: int,
) -> Geometry:
    """Measures of hidden states at each site under each token policy; as `measure_live`."""
    from lmgeo.measures.compute import compute, states_needed
    from lmgeo.measures.protocols import protocol
    from lmgeo.represent.run import represent_each

    if not (sites and policies and names):
        return {}
    passed = represent_each(handle, texts, sites, policies, states_needed(names), seed)
    return {
        site if policy == "all" else f"{site}.{policy}": compute(
            states, names, protocol("default"), seed, device=str(handle.device), spread=False
        )
        for policy, representation in passed.items()
        for site, states in representation.states.items()
    }
