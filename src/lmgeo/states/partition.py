"""The partition function of a cloud along its eigenvectors."""

from __future__ import annotations

from typing import ClassVar, final

from lmgeo.core.once import made_once
from lmgeo.numerics.partition import Eigen, LogPartition, log_partition
from lmgeo.states.rows import Rows


@final
class Partition:
    """log Z along ± each unit eigenvector of XᵀX, not centred; derived from `Rows`.

    Args:
        rows: the rows summed over.
        eigen: of XᵀX, or of XXᵀ where there are fewer rows than columns, if they are known already.
    """

    source: ClassVar[type] = Rows

    def __init__(self, rows: Rows, eigen: Eigen | None = None) -> None:
        self._rows, self._eigen = rows, eigen

    @classmethod
    def of(cls, source: Rows) -> Partition:
        """The partition function of the rows kept."""
        return cls(source)

    @property
    def n(self) -> int:
        """Rows summed over."""
        return self._rows.n

    @property
    def d(self) -> int:
        """Columns, and so eigenvectors."""
        return self._rows.d

    @property
    def rows_left_out(self) -> int:
        """Rows of the cloud that the sample does not hold."""
        return self._rows.seen - self._rows.n

    @made_once
    def log(self) -> LogPartition:
        """log Z and what it rests on.

        Raises:
            NotEnoughData: all entries are zero, or an exponent that float64 cannot hold.
        """
        return log_partition(self._rows.matrix(), self._eigen)
