"""A study's cells: the smallest pieces of work that are done, kept and counted on their own."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import content_key

# Raised whenever the code that they name gives other numbers: a new version makes new results.
REPRESENT_VERSION = 2  # how text becomes vectors, the reservoir's size included
FINETUNE_VERSION = 2
PRETRAIN_VERSION = 3
LOSS_VERSION = 1

CellKind = Literal["pretrain", "measure", "evaluate", "losses"]


@dataclass(frozen=True)
class Wanted:
    """One result that a cell gives: a measure of an object, or a task's score."""

    key: str
    object: str
    name: str
    protocol: str | None = None


@dataclass(frozen=True, eq=False)
class Cell:
    """One piece of work.

    Attributes:
        key: of the cell, for claims and failures.
        kind: what it does.
        label: for people.
        spec: all that it needs to run, as plain JSON (paths too, which no key sees).
        wanted: the results it gives; it is done when the store has them all.
        needs: keys of the pretrain cells that come first.
    """

    key: str
    kind: CellKind
    label: str
    spec: dict[str, Any]
    wanted: list[Wanted]
    needs: list[str] = field(default_factory=list)

    def to_json(self) -> dict[str, Any]:
        """Plain JSON, for the store and for workers."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> Cell:
        """The inverse of `to_json`."""
        return cls(**{**raw, "wanted": [Wanted(**w) for w in raw["wanted"]]})


def unchanged(what: str, now: Any, planned: Any) -> None:
    """Refuse to keep a result under a key that was planned for other content.

    Raises:
        SpecError: what is there now is not what the plan's keys were made of.
    """
    if now != planned:
        raise SpecError(f"the {what} is not what it was when the study was planned", "issue the same run again")


def model_key(identity: dict[str, Any]) -> str:
    """The key of a model that a study trains."""
    return content_key({"pretrain": identity, "version": PRETRAIN_VERSION})


def measure_key(variant: dict[str, Any], sampling: dict[str, Any] | None, obj: str, measure: dict[str, Any]) -> str:
    """The key of one measure of one object of one model.

    Args:
        variant: identity of the model's weights: base content, perturbation.
        sampling: identity of the text and tokens; None for a weight matrix.
        obj: the site, or the matrix's name.
        measure: its name, version, and what of the protocol it depends on.
    """
    represent = None if sampling is None else REPRESENT_VERSION
    return content_key(
        {"variant": variant, "sampling": sampling, "object": obj, "measure": measure, "represent": represent}
    )


def score_key(variant: dict[str, Any], task: dict[str, Any], settings: dict[str, Any], seed: int) -> str:
    """The key of one task's score of one model."""
    return content_key(
        {"variant": variant, "task": task, "settings": settings, "seed": seed, "finetune": FINETUNE_VERSION}
    )


def loss_key(variant: dict[str, Any], name: str, loss: dict[str, Any]) -> str:
    """The key of one loss of one model.

    Args:
        variant: identity of the model's weights.
        name: of its column.
        loss: text, what was done to the model before, and how much was predicted.
    """
    return content_key({"variant": variant, "loss": name, "of": loss, "version": LOSS_VERSION})
