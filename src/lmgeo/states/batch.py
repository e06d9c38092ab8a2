"""What reaches a state: rows with the sequence, position and kind of the token they are of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from lmgeo.core.arrays import Bool, Float, Int, Shaped, ndarray
from lmgeo.core.errors import SpecError
from lmgeo.numerics.conversion import as_floats
from lmgeo.numerics.moments import row_chunks


@final
@dataclass(frozen=True)
class RowBatch:
    """Rows of a cloud and where each comes from.

    Attributes:
        rows: (n, d) float32 or float64: an array, or a torch tensor on any device.
        sequence: which sequence each row is of.
        position: which token of that sequence it is; (sequence, position) names a row.
        special: whether that token is a special one.

    Raises:
        SpecError: unlike lengths, or rows that are not floats.
    """

    rows: Any
    sequence: Int[ndarray, " n"]
    position: Int[ndarray, " n"]
    special: Bool[ndarray, " n"]

    def __post_init__(self) -> None:
        if self.rows.ndim != 2 or str(self.rows.dtype).removeprefix("torch.") not in ("float32", "float64"):
            raise SpecError(
                f"a batch of shape {self.rows.shape} and type {self.rows.dtype}", "give float32 or float64 rows (n, d)"
            )
        for name in ("sequence", "position", "special"):
            shape = getattr(self, name).shape
            if shape != (len(self),):
                raise SpecError(f"a batch of {len(self)} rows whose {name!r} has shape {shape}", "give one a row")

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def d(self) -> int:
        """The number of columns."""
        return int(self.rows.shape[1])

    @property
    def array(self) -> Float[ndarray, "n d"]:
        """The rows as an array; of a tensor on the CPU they are not copied."""
        return self.rows if isinstance(self.rows, np.ndarray) else self.rows.cpu().numpy()

    def take(self, chosen: ndarray | slice) -> RowBatch:
        """The chosen rows (a mask, indices or a slice), as arrays."""
        return RowBatch(self.array[chosen], self.sequence[chosen], self.position[chosen], self.special[chosen])

    def gather(self, chosen: Int[ndarray, " k"]) -> Any:
        """Copies of the chosen rows alone, of the kind and on the device that they are."""
        if isinstance(self.rows, np.ndarray):
            return self.rows[chosen]
        import torch

        return self.rows.index_select(0, torch.from_numpy(chosen).to(self.rows.device))

    def to(self, device: str) -> RowBatch:
        """The same with its rows as a torch tensor on a device."""
        import torch

        return RowBatch(torch.from_numpy(self.array).to(device), self.sequence, self.position, self.special)

    @classmethod
    def of_cloud(cls, rows: Float[ndarray, "n d"], start: int = 0) -> RowBatch:
        """Rows of a plain cloud: each a sequence of its own, numbered from `start`."""
        n = len(rows)
        return cls(rows, np.arange(start, start + n), np.zeros(n, np.int64), np.zeros(n, np.bool_))

    @classmethod
    def chunks_of_cloud(cls, rows: Shaped[ndarray, "n d"]) -> Iterator[RowBatch]:
        """The same of any numbers in pieces, so that a memory-mapped cloud is never in memory at once."""
        for part in row_chunks(*rows.shape):
            yield cls.of_cloud(as_floats(rows[part]), part.start)
