"""Named seed streams: one user seed, and an independent stream for each use of it.

Which seed does what is a question other tools leave open; here each consumer asks for
its stream by name (`init`, `data_order`, `dropout`, `head`, `noise`, `quantizer` …), so a
new consumer never shifts the draws of another.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np


def stream_seed(seed: int, *names: str) -> int:
    """A seed in [0, 2⁶³) for the stream called `names` under the user's `seed`."""
    text = "/".join((str(int(seed)), *names))
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def numpy_stream(seed: int, *names: str) -> np.random.Generator:
    """A numpy generator for one named stream."""
    import numpy as np

    return np.random.default_rng(stream_seed(seed, *names))
