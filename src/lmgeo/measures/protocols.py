"""Named quantizer protocols. A quantized value means something only within one of them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Any

from lmgeo.core.errors import UnknownName
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.numerics.quantizers.constants import IMPLEMENTATION, SWEEPS
from lmgeo.numerics.quantizers.local_search import FAISS_SEED as LOCAL_SEARCH_SEED
from lmgeo.numerics.quantizers.product import FAISS_SEED as PRODUCT_SEED

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
        QuantizerProtocol(name="marbut2024", centred=False, order="input", lsq_train_rows=None, seeds=None),
        "as published: rows uncentred and as they come, FAISS's defaults and fixed seeds, one run",
    ),
    "quickstart": (
        QuantizerProtocol(
            name="quickstart",
            pq_train_rows=8_192,
            lsq_train_rows=8_192,
            lsq_iterations=10,
            lsq_encode_rounds=8,
            seeds=2,
            threads=1,
            backend="numba",
        ),
        "small, for a first look on a laptop: 8,192 training rows, 10 iterations, two seeds, one thread",
    ),
}


def protocol(name: str) -> QuantizerProtocol:
    """The protocol called `name`.

    Raises:
        UnknownName: no protocol has that name; the near ones are shown.
    """
    if name not in PROTOCOLS:
        raise UnknownName.among("protocol", name, PROTOCOLS)
    return PROTOCOLS[name][0]


def protocol_identity(protocol: QuantizerProtocol) -> dict[str, Any]:
    """What of a protocol enters a result's key: every setting, and what applies it.

    `applied` holds what no setting names: the libraries' versions, the seeds where the
    library's own stand, k-means iterations and sweeps of the local search.
    """
    applied: dict[str, Any] = {"faiss": _faiss_version(), "kmeans_iterations": 25, "sweeps": SWEEPS}
    if protocol.seeds is None:
        applied["seeds"] = {"pq": PRODUCT_SEED, "lsq": LOCAL_SEARCH_SEED}
    if protocol.backend == "numba":
        applied["numba"] = version("numba")
        applied["implementation"] = IMPLEMENTATION
    return {**protocol.resolved(), "applied": applied}


def _faiss_version() -> str:
    try:
        return version("faiss-cpu")
    except PackageNotFoundError:  # installed under another name, as by conda
        import faiss

        return str(faiss.__version__)
