"""The measure cells: one pass over the text for every site and measure that is missing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress
from lmgeo.core.spec.blocks import RepresentSpec
from lmgeo.study.cells import Wanted, measure_key, unchanged
from lmgeo.study.wanted import measure_identity, sampling_identity

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle

Results = dict[str, dict[str, Any]]


def measure_sites(
    model: ModelHandle, spec: dict[str, Any], missing: list[Wanted], progress: Progress
) -> tuple[Results, list[str]]:
    """Measure the clouds of a model: one pass, then each measure of each site under each protocol."""
    from lmgeo.data.corpora import open_corpus
    from lmgeo.data.sampling import sample_sequences
    from lmgeo.measures.compute import compute_each, states_needed
    from lmgeo.measures.protocols import protocol
    from lmgeo.represent.run import represent
    from lmgeo.states.moments import Moments

    sampling = RepresentSpec(**spec["represent"])
    unchanged("text", sampling_identity(sampling), spec["sampling"])
    sample = sample_sequences(open_corpus(sampling.corpus), sampling.sequences, sampling.seed, sampling.sampling)
    here, results, notes = _present(missing, spec["name"], model.sites)
    if not here:
        return results, notes
    sites = list(dict.fromkeys(w.object for w in here))
    needed = {
        kind: {"products": sampling.products} if kind is Moments else {}
        for kind in states_needed([w.name for w in here])
    }
    passed = represent(model, sample.texts, sites, sampling.tokens, needed, sampling.seed, progress=progress)
    for (name, measures), alike in _sites_alike(here).items():
        states = {site: passed.states[site] for site in alike}
        found = compute_each(states, measures, protocol(name), sampling.seed, progress)
        results.update({w.key: _result(w, found[w.object][w.name], spec) for group in alike.values() for w in group})
    return results, [*notes, *sample.notes, *passed.notes]


def measure_matrices(
    model: ModelHandle, spec: dict[str, Any], missing: list[Wanted], progress: Progress
) -> tuple[Results, list[str]]:
    """Measure weight matrices; one that the model lacks is listed as left out, with why."""
    from lmgeo.measures.matrices import measure_matrix

    asked = {name: model.matrix(name) for name in dict.fromkeys(w.object for w in missing)}
    matrices = {name: tensor.cpu().numpy() for name, tensor in asked.items() if tensor is not None}
    here, results, notes = _present(missing, spec["name"], matrices)
    stored = _stored_types(spec, matrices)
    for (matrix, _), group in _grouped(here).items():
        try:
            found = measure_matrix(matrices[matrix], [w.name for w in group], stored=stored.get(matrix))
        except SpecError as error:
            raise SpecError(f"{spec['name']}, {matrix}: {error.what}", error.mend) from error
        results.update({w.key: _result(w, found[w.name], spec) for w in group})
    return results, notes


def _stored_types(spec: dict[str, Any], matrices: Collection[str]) -> dict[str, str]:
    """The number types that a checkpoint stores matrices in; none for what was made or changed in memory."""
    from lmgeo.models.stored_head import Found, special_matrices
    from lmgeo.models.weight_files import read_weights

    if spec["perturbation"] is not None or set(spec["where"]) != {"path"}:
        return {}
    weights = read_weights(Path(spec["where"]["path"]))
    special = special_matrices(weights)
    places = {name: special.get(name, Found(name, None)) for name in matrices}
    parameters = {name: found.parameter for name, found in places.items() if isinstance(found, Found)}
    return {name: weights.tensors[p].dtype for name, p in parameters.items() if p in weights.tensors}


def _present(missing: list[Wanted], model: str, there: Collection[str]) -> tuple[list[Wanted], Results, list[str]]:
    """What can be measured, and what is left out because the model has no such object."""
    lacking = [w for w in missing if w.object not in there]
    results = {w.key: {**_place(w), "left_out": f"{model} has no {w.object}"} for w in lacking}
    return (
        [w for w in missing if w.object in there],
        results,
        list(dict.fromkeys(r["left_out"] for r in results.values())),
    )


def _grouped(missing: list[Wanted]) -> dict[tuple[str, str], list[Wanted]]:
    groups: dict[tuple[str, str], list[Wanted]] = defaultdict(list)
    for wanted in missing:
        groups[wanted.object, wanted.protocol or "default"].append(wanted)
    return groups


def _sites_alike(missing: list[Wanted]) -> dict[tuple[str, tuple[str, ...]], dict[str, list[Wanted]]]:
    """What is missing by protocol and measures, then by site, so that sites of one kind are measured together."""
    alike: dict[tuple[str, tuple[str, ...]], dict[str, list[Wanted]]] = defaultdict(dict)
    for (site, protocol), group in _grouped(missing).items():
        alike[protocol, tuple(w.name for w in group)][site] = group
    return alike


def _place(wanted: Wanted) -> dict[str, Any]:
    return {"object": wanted.object, "name": wanted.name, "protocol": wanted.protocol}


def _result(wanted: Wanted, measurement: Measurement, spec: dict[str, Any]) -> dict[str, Any]:
    """A result with all that its key is made of, so that the record explains its own name."""
    seed = 0 if spec["represent"] is None else spec["represent"]["seed"]
    identity = measure_identity(wanted.name, wanted.protocol or "default", seed)
    key = measure_key(spec["identity"], spec["sampling"], wanted.object, identity)
    unchanged(f"definition of {wanted.name} or its protocol", key, wanted.key)
    return {**_place(wanted), "identity": identity, "measurement": measurement.to_json()}
