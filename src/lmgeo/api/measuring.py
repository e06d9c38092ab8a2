"""Geometry of arrays, cloud files and models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.blocks import RepresentSpec

if TYPE_CHECKING:
    import numpy as np

CLOUD_SUFFIXES = (".npy", ".npz", ".safetensors", ".parquet")
EVERY = ("*",)


def measure(
    X: np.ndarray,
    measures: str | Sequence[str] = EVERY,
    *,
    seed: int = 0,
    protocol: str = "default",
    progress: Progress = silent,
) -> dict[str, Measurement]:
    """Measure a cloud.

    Args:
        X: n points of d coordinates, one a row, shape (n, d); any real type.
        measures: names or globs, e.g. `["eee", "lsq_*"]`.
        seed: of the quantizers and of sampled measures.
        protocol: the quantizer protocol's name.

    Returns:
        A `Measurement` by name: value, unit, range, direction, spread, or null with a reason.

    Raises:
        SpecError: not two-dimensional, NaN or infinity.
        NotEnoughData: an empty cloud.
        UnknownName: a glob that matches no measure, an unknown protocol.
    """
    from lmgeo.measures.compute import cloud_measures, measure_cloud
    from lmgeo.measures.protocols import protocol as named

    return measure_cloud(X, cloud_measures(as_list(measures)), named(protocol), seed, progress=progress)


def measure_file(
    path: str | Path,
    measures: str | Sequence[str] = EVERY,
    *,
    seed: int = 0,
    protocol: str = "default",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure every cloud of a file; the document that `lmgeo measure FILE --json` prints.

    Args:
        path: `.npy`, `.npz`, `.safetensors` or `.parquet`.

    Raises:
        as `measure`, and SpecError for a file that cannot be read as arrays.
    """
    from lmgeo.data.clouds import load_clouds

    clouds, left_out = load_clouds(Path(path))
    objects = {}
    for name, cloud in clouds.items():
        found = measure(cloud, measures, seed=seed, protocol=protocol, progress=progress)
        objects[name] = _object(cloud.shape[0], cloud.shape[1], found)
    return _document(str(path), None, objects, left_out, protocol)


def measure_model(
    source: str,
    measures: str | Sequence[str] = EVERY,
    *,
    corpus: str = "pydocs",
    sequences: int = 1000,
    sites: str | Sequence[str] = ("final",),
    tokens: str = "all",
    seed: int = 0,
    protocol: str = "default",
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure a model's latent space at the sites asked for, in one pass over the sample.

    Args:
        source: a checkpoint folder, or `hf:ID[@REVISION]`.
        corpus: e.g. `pydocs`, `text:notes.txt`, `wikitext:DIR+ptb:DIR`.
        sequences: how many to draw; more than there are takes all.
        sites: `embeddings`, `block.0` …, `final_prenorm`, `final`, or `all`.
        tokens: `all`, `content`, `last` or `mean`.

    Returns:
        The document that `lmgeo measure MODEL --json` prints.

    Raises:
        SpecError, UnknownName, NotEnoughData: anything named that is not there or cannot be read.
    """
    from lmgeo.api.models import open_model
    from lmgeo.data.corpora import open_corpus
    from lmgeo.data.sampling import sample_sequences
    from lmgeo.measures.compute import cloud_measures, compute, states_needed
    from lmgeo.measures.protocols import protocol as named
    from lmgeo.represent.run import represent

    names, settings = cloud_measures(as_list(measures)), named(protocol)
    sampling = _sampling(corpus, sequences, as_list(sites), tokens, seed)
    sample = sample_sequences(open_corpus(corpus), sequences, seed)
    model = open_model(source, device)
    passed = represent(model, sample.texts, sampling.sites, tokens, states_needed(names), seed, progress=progress)
    objects = {}
    for site, states in passed.states.items():
        found = compute(states, names, settings, seed, progress=progress)
        objects[site] = _object(passed.n_rows, model.width, found)
    described = {"family": model.family, "width": model.width, "sites": list(model.sites)}
    document = _document(source, described, objects, [], protocol)
    notes = [*sample.notes, *passed.notes]
    return {**document, "sampling": {**sampling.resolved(), "tokens_seen": passed.n_tokens}, "notes": notes}


def _sampling(corpus: str, sequences: int, sites: list[str], tokens: str, seed: int) -> RepresentSpec:
    from lmgeo.core.spec.base import validate
    from lmgeo.core.spec.document import Document

    raw = {"corpus": corpus, "sequences": sequences, "sites": sites, "tokens": tokens, "seed": seed}
    return validate(RepresentSpec, raw, Document("the settings of measure", raw))


def _object(n: int, d: int, found: dict[str, Measurement]) -> dict[str, Any]:
    return {"n": n, "d": d, "centred": True, "measures": {name: m.to_json() for name, m in found.items()}}


def _document(
    source: str,
    model: dict[str, Any] | None,
    objects: dict[str, Any],
    left_out: list[dict[str, str]],
    protocol: str,
) -> dict[str, Any]:
    from lmgeo.core.provenance import provenance
    from lmgeo.measures.protocols import protocol as named
    from lmgeo.measures.protocols import protocol_identity

    if not any(m["value"] is not None for o in objects.values() for m in o["measures"].values()):
        raise _nothing(source, objects, left_out)
    return {
        "source": source,
        "model": model,
        "objects": objects,
        "left_out": left_out,
        "protocol": protocol_identity(named(protocol)),
        "provenance": provenance(),
    }


def _nothing(source: str, objects: dict[str, Any], left_out: list[dict[str, str]]) -> NotEnoughData:
    reasons = [m["reason"] for o in objects.values() for m in o["measures"].values()]
    reasons += [f"{entry['object']}: {entry['reason']}" for entry in left_out]
    shown = "; ".join(dict.fromkeys(r for r in reasons if r)) or "it holds no array"
    return NotEnoughData(f"no measure of {source!r} has a value: {shown}", "give a larger cloud, or other measures")


def as_list(names: str | Sequence[str]) -> list[str]:
    """One name, or several, as a list."""
    return [names] if isinstance(names, str) else list(names)


def write_measures(document: dict[str, Any], out: str | Path) -> None:
    """Keep a measuring's document as `measures.json` in a folder."""
    from lmgeo.core.files import write_json

    write_json(Path(out) / "measures.json", document)
