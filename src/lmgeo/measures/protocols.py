"""Named quantizer protocols. A quantized value means something only within one of them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lmgeo.core.errors import UnknownName
from lmgeo.core.spec.base import validate
from lmgeo.core.spec.call import format_call, parse_call
from lmgeo.core.spec.document import Document
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.constants import IMPLEMENTATION, SWEEPS
from lmgeo.numerics.quantizers.local_search import FAISS_SEED as LOCAL_SEARCH_SEED
from lmgeo.numerics.quantizers.product import FAISS_SEED as PRODUCT_SEED
from lmgeo.numerics.quantizers.residual import FAISS_SEED as RESIDUAL_SEED

PROTOCOLS: dict[str, tuple[QuantizerProtocol, str]] = {
    "default": (
        QuantizerProtocol(name="default"),
        "centred rows in a canonical order, at most 65,536 training rows, mean of three seeds",
    ),
    "default-numba": (
        QuantizerProtocol(name="default-numba", backend="numba"),
        "as default, the additive quantizer trained by our own compiled search: sooner, to the same error",
    ),
    "marbut2024": (
        QuantizerProtocol(
            name="marbut2024", centred=False, order="input", lsq_train_rows=None, rq_train_rows=None, seeds=None
        ),
        "as published: rows uncentred and as they come, FAISS's defaults and fixed seeds, one run",
    ),
    "quickstart": (
        QuantizerProtocol(
            name="quickstart",
            pq_train_rows=8_192,
            lsq_train_rows=8_192,
            lsq_iterations=10,
            lsq_encode_rounds=8,
            rq_train_rows=8_192,
            rq_beam=1,
            rq_steps=1,
            seeds=2,
            threads=1,
            backend="numba",
        ),
        "small, for a first look on a laptop: 8,192 training rows, 10 iterations, two seeds, one thread",
    ),
}


def protocol(text: str) -> QuantizerProtocol:
    """A named protocol, or one with settings of its own: `default`, `default(bits=6,codebooks=2)`.

    What is written in several ways has one name: the settings that differ, sorted, without spaces.

    Raises:
        UnknownName: no protocol or no setting has that name; the near ones are shown.
        SpecError: a value that the setting does not take, or brackets that do not match.
    """
    base, changes = parse_call(text, "protocol")
    if base not in PROTOCOLS:
        raise UnknownName.among("protocol", base, PROTOCOLS)
    standing = PROTOCOLS[base][0].resolved()
    free = [name for name in standing if name != "name"]
    for setting in changes:
        if setting not in free:
            raise UnknownName.among("setting", setting, free, where=f"protocol {text!r}")
    raw = {**standing, **changes}
    found = validate(QuantizerProtocol, raw, Document(f"protocol {text!r}", raw))
    different = {name: value for name, value in found.resolved().items() if value != standing[name]}
    return found.model_copy(update={"name": format_call(base, different)})


def protocol_identity(protocol: QuantizerProtocol) -> dict[str, Any]:
    """What of a protocol enters a result's key: every setting, and what applies it.

    `applied` holds what no setting names: the libraries' versions, the seeds where the
    library's own stand, k-means iterations and sweeps of the local search.
    """
    applied: dict[str, Any] = {"faiss": _faiss_version(), "kmeans_iterations": 25, "sweeps": SWEEPS}
    if protocol.seeds is None:
        applied["seeds"] = {"pq": PRODUCT_SEED, "lsq": LOCAL_SEARCH_SEED, "rq": RESIDUAL_SEED}
    if protocol.backend != "faiss":
        applied[protocol.backend] = version(protocol.backend)
        applied["implementation"] = IMPLEMENTATION
    return {**protocol.resolved(), "applied": applied}


def _faiss_version() -> str:
    try:
        return version("faiss-cpu")
    except PackageNotFoundError:  # installed under another name, as by conda
        import faiss

        return str(faiss.__version__)
