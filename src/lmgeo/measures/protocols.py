"""Named quantizer protocols. A quantized value means something only within one of them."""

from __future__ import annotations

from importlib.metadata import version
from typing import Any

from lmgeo.core.errors import UnknownName
from lmgeo.core.spec.protocol import QuantizerProtocol

PROTOCOLS: dict[str, tuple[QuantizerProtocol, str]] = {
    "default": (
        QuantizerProtocol(name="default"),
        "centred rows in a canonical order, at most 65,536 training rows, mean of three seeds",
    ),
    "marbut2024": (
        QuantizerProtocol(name="marbut2024", centred=False, order="input", lsq_train_rows=None, seeds=None),
        "as published: rows uncentred and as they come, FAISS's defaults and fixed seeds, one run",
    ),
    "quickstart": (
        QuantizerProtocol(name="quickstart", lsq_train_rows=8_192, lsq_iterations=10, seeds=2, threads=1),
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
    """What of a protocol enters a result's key: every setting, and the libraries that apply it."""
    libraries = {"faiss": version("faiss-cpu")}
    if protocol.backend == "numba":
        libraries["numba"] = version("numba")
    return {**protocol.resolved(), "libraries": libraries}
