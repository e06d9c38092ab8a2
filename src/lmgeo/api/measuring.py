"""Geometry of arrays, cloud files and models."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.api.documents import document, measured_object
from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.blocks import RepresentSpec

if TYPE_CHECKING:
    import numpy as np

    from lmgeo.core.spec.protocol import QuantizerProtocol
    from lmgeo.models.handle import ModelHandle
    from lmgeo.represent.run import Representation

Plugins = str | Path | Sequence[str | Path]
CLOUD_SUFFIXES = (".npy", ".npz", ".safetensors", ".parquet")
EVERY = ("*",)


def measure(
    X: np.ndarray,
    measures: str | Sequence[str] = EVERY,
    *,
    seed: int = 0,
    protocol: str = "default",
    nulls: bool = False,
    products: str = "float64",
    device: str = "cpu",
    plugins: Plugins = (),
    progress: Progress = silent,
) -> dict[str, Measurement]:
    """Measure a cloud.

    Args:
        X: n points of d coordinates, one a row, shape (n, d); any real type.
        measures: names or globs, e.g. `["eee", "lsq_*"]`.
        seed: of the quantizers and of sampled measures.
        protocol: the quantizer protocol's name.
        nulls: also measure a Gaussian of the same mean and covariance, and a copy whose columns are shuffled.
        products: `float32` multiplies rows for the spectra in single precision.
        device: where rows are multiplied, and where the quantizers' backend `torch` works.
        plugins: files of measures of one's own; they run.

    Returns:
        A `Measurement` by name: value, unit, range, direction, spread, or null with a reason.

    Raises:
        SpecError: not two-dimensional, NaN or infinity.
        NotEnoughData: an empty cloud.
        UnknownName: a glob that matches no measure, an unknown protocol.
    """
    from lmgeo.api.plugins import load_plugins
    from lmgeo.measures.compute import measure_cloud

    load_plugins(plugins)
    names, settings, kind = _asked(measures, protocol, products, device)
    found = measure_cloud(X, names, settings, seed, progress=progress, device=device, products=kind)
    return _beside_nulls(found, X, settings, seed, progress, device) if nulls else found


def measure_file(
    path: str | Path,
    measures: str | Sequence[str] = EVERY,
    *,
    seed: int = 0,
    protocol: str = "default",
    nulls: bool = False,
    products: str = "float64",
    device: str = "cpu",
    plugins: Plugins = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure every cloud of a file; the document that `lmgeo measure FILE --json` prints.

    Args:
        path: `.npy`, `.npz`, `.safetensors` or `.parquet`.

    Raises:
        as `measure`, and SpecError for a file that cannot be read as arrays.
    """
    from lmgeo.api.plugins import load_plugins
    from lmgeo.data.clouds import load_clouds

    load_plugins(plugins)
    _asked(measures, protocol, products, device)  # what is wrong with these is wrong with no array
    clouds, left_out = load_clouds(Path(path))
    settings: dict[str, Any] = {"seed": seed, "protocol": protocol, "nulls": nulls, "products": products}
    objects = {}
    for name, cloud in clouds.items():
        try:
            found = measure(cloud, measures, **settings, device=device, progress=progress)
        except (SpecError, NotEnoughData) as error:
            raise type(error)(f"{path}, array {name!r}: {error.what}", error.mend) from error
        objects[name] = measured_object(cloud.shape[0], cloud.shape[1], found)
    return document(str(path), None, objects, left_out, protocol)


def measure_model(
    source: str,
    measures: str | Sequence[str] = EVERY,
    *,
    corpus: str = "pydocs",
    sequences: int = 1000,
    sampling: str = "uniform",
    sites: str | Sequence[str] = ("final",),
    tokens: str = "all",
    seed: int = 0,
    protocol: str = "default",
    nulls: bool = False,
    products: str = "float64",
    device: str = "cpu",
    plugins: Plugins = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure a model's latent space at the sites asked for, in one pass over the sample.

    Args:
        source: a checkpoint folder, or `hf:ID[@REVISION]`.
        corpus: e.g. `pydocs`, `text:notes.txt`, `wikitext:DIR+ptb:DIR`.
        sequences: how many to draw; more than there are takes all.
        sampling: `uniform`, `balanced` over the corpus's sources, or `by_length`: equal numbers from bands of length.
        sites: `embeddings`, `block.0` …, `final_prenorm`, `final`, or `all`.
        tokens: `all`, `content`, `last` or `mean`.
        nulls: as of `measure`, and the model's untrained twin: the same architecture, freshly initialised.

    Returns:
        The document that `lmgeo measure MODEL --json` prints.

    Raises:
        SpecError, UnknownName, NotEnoughData: anything named that is not there or cannot be read.
    """
    from lmgeo.api.models import open_model
    from lmgeo.api.plugins import load_plugins
    from lmgeo.data.corpora import open_corpus
    from lmgeo.data.sampling import sample_sequences
    from lmgeo.measures.compute import cloud_measures
    from lmgeo.measures.protocols import protocol as named

    load_plugins(plugins)
    names, settings = cloud_measures(as_list(measures)), named(protocol)
    spec = _represented(
        corpus=corpus, sequences=sequences, sampling=sampling, sites=as_list(sites), tokens=tokens, seed=seed,
        products=products,
    )  # fmt: skip
    sample = sample_sequences(open_corpus(corpus), sequences, seed, sampling)
    model = open_model(source, device)
    passed, found = _measured(model, sample.texts, spec, names, settings, nulls, progress)
    if nulls:
        twin = open_model(source, device, untrained_seed=seed)
        _, untrained = _measured(twin, sample.texts, spec, names, settings, False, progress)
        found = _beside_twin(found, untrained)
    objects = {site: measured_object(passed.n_rows, model.width, measured) for site, measured in found.items()}
    described = {"family": model.family, "width": model.width, "sites": list(model.sites)}
    notes = [*sample.notes, *passed.notes]
    whole = document(source, described, objects, [], protocol)
    return {**whole, "sampling": {**spec.resolved(), "tokens_seen": passed.n_tokens}, "notes": notes}


def _measured(
    model: ModelHandle,
    texts: Sequence[str],
    sampling: RepresentSpec,
    names: Sequence[str],
    settings: QuantizerProtocol,
    nulls: bool,
    progress: Progress,
) -> tuple[Representation, dict[str, dict[str, Measurement]]]:
    """One pass of the texts, and the measures of each site, with their nulls where asked for."""
    from lmgeo.measures.compute import compute_each, states_needed
    from lmgeo.represent.run import represent
    from lmgeo.states.moments import Moments
    from lmgeo.states.rows import Rows

    device, seed = str(model.device), sampling.seed
    kinds = states_needed(names) | ({Rows} if nulls else set())
    wanted = {kind: {"products": sampling.products} if kind is Moments else {} for kind in kinds}
    passed = represent(model, texts, sampling.sites, sampling.tokens, wanted, seed, progress=progress)
    found = compute_each(passed.states, names, settings, seed, progress, device)
    for site, states in passed.states.items() if nulls else ():
        found[site] = _beside_nulls(found[site], states[Rows].matrix(), settings, seed, progress, device)
    return passed, found


def _beside_twin(
    found: dict[str, dict[str, Measurement]], untrained: dict[str, dict[str, Measurement]]
) -> dict[str, dict[str, Measurement]]:
    from lmgeo.measures.nulls import with_nulls

    values = {site: {name: m.value for name, m in others.items()} for site, others in untrained.items()}
    return {site: with_nulls(own, {"untrained": values[site]}) for site, own in found.items()}


def _beside_nulls(
    found: dict[str, Measurement],
    rows: np.ndarray,
    settings: QuantizerProtocol,
    seed: int,
    progress: Progress,
    device: str,
) -> dict[str, Measurement]:
    from lmgeo.measures.nulls import null_values, with_nulls

    return with_nulls(found, null_values(rows, list(found), settings, seed, progress, device))


def _asked(
    measures: str | Sequence[str], protocol: str, products: str, device: str
) -> tuple[list[str], QuantizerProtocol, Any]:
    """The measures, the protocol and the type of products that were named; what is none is refused."""
    from lmgeo.measures.compute import cloud_measures
    from lmgeo.measures.protocols import protocol as named

    if device != "cpu":  # else torch would be loaded for nothing
        from lmgeo.api.models import check_device

        check_device(device)
    kind = _represented(products=products).products
    return cloud_measures(as_list(measures)), named(protocol), kind


def _represented(**raw: Any) -> RepresentSpec:
    from lmgeo.core.spec.base import validate
    from lmgeo.core.spec.document import Document

    return validate(RepresentSpec, raw, Document("the settings of measure", raw))


def as_list(names: str | Sequence[str]) -> list[str]:
    """One name, or several, as a list."""
    return [names] if isinstance(names, str) else list(names)
