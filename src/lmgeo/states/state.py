"""What every state offers, and the checks they share."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol, TypeVar, runtime_checkable

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import IncompatibleState
from lmgeo.states.batch import RowBatch
from lmgeo.states.replicates import Replicates

S = TypeVar("S", bound="State")
StateClass = type[Any]  # of a State: a protocol with properties cannot be looked for in a class


@runtime_checkable
class Summary(Protocol):
    """What measures are taken of: a state, or several that belong together."""

    @property
    def n(self) -> int:
        """How many rows it describes."""

    @property
    def d(self) -> int:
        """How many columns they have."""

    def replicates(self) -> Replicates | None:
        """The like of fewer rows, whose values tell how sure the whole's is; None where there are too few."""


@runtime_checkable
class State(Protocol):
    """A mergeable sufficient statistic of a cloud.

    Laws: `empty` is the identity of `merge`; `merge` is commutative and associative; any split
    of the rows gives what one pass gives (between sequences, where the class says `whole_sequences`);
    neither aliases what it is given.
    """

    @classmethod
    def empty(cls: type[S], d: int) -> S:
        """No rows of d columns; each setting is a keyword with a default."""

    @property
    def n(self) -> int:
        """How many rows it describes."""

    @property
    def d(self) -> int:
        """How many columns they have."""

    @property
    def settings(self) -> dict[str, Any]:
        """What two states must share to be merged, `d` included."""

    def update(self, batch: RowBatch) -> None:
        """Take rows in, in place."""

    def merge(self: S, other: S) -> S:
        """A new state of both clouds; the two stay as they are."""

    def replicates(self) -> Replicates | None:
        """States of fewer rows whose values tell how sure the whole's is; None where there are too few."""

    def to_arrays(self) -> dict[str, ndarray]:
        """Everything it holds, as plain arrays."""

    @classmethod
    def from_arrays(cls: type[S], arrays: Mapping[str, ndarray]) -> S:
        """The inverse of `to_arrays`."""


def check_batch(state: State, batch: RowBatch) -> None:
    """Refuse rows of another width.

    Raises:
        IncompatibleState: the batch has not `state.d` columns.
    """
    if batch.d != state.d:
        raise IncompatibleState(
            f"a batch of {batch.d} columns for a {type(state).__name__} of {state.d}", "give rows of one width"
        )


def check_alike(a: State, b: State) -> None:
    """Refuse to merge states made with unlike settings.

    Raises:
        IncompatibleState: another class, or another setting.
    """
    if type(a) is not type(b):
        raise IncompatibleState(f"a {type(a).__name__} and a {type(b).__name__}", "merge states of one class")
    unlike = [name for name, value in a.settings.items() if b.settings[name] != value]
    if unlike:
        pairs = ", ".join(f"{name} {a.settings[name]!r} and {b.settings[name]!r}" for name in unlike)
        raise IncompatibleState(
            f"two {type(a).__name__} states with unlike {pairs}", "make both with the same settings"
        )
