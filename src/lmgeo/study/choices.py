"""The training choices that tell a study's models apart, in names and in the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from lmgeo.core.spec.pretrain import OBSERVED, SHAPE, PretrainSpec

Choices = dict[str, Any]


def told(choices: Choices) -> Choices:
    """A resolved training spec with what its defaults come to, and its length in steps and in tokens.

    Empty for a model that was not trained here.
    """
    if not choices:
        return {}
    spec = PretrainSpec(**choices)
    length = {"steps": spec.planned_steps, "tokens": spec.tokens or spec.planned_tokens}
    return {**choices, "heads": spec.head_count, "parallel": spec.in_parallel, **length}


def varied(models: Sequence[Choices]) -> list[str]:
    """The choices in which models differ, both as they are written and as they are told.

    One run may be written in several ways, and one that says its length in tokens says no steps.
    """
    trained = [choices for choices in models if choices]
    names = dict.fromkeys(name for choices in trained for name in choices if name not in _said_otherwise(trained))
    ways = (models, [told(choices) for choices in models])
    return [name for name in names if all(len({repr(c.get(name)) for c in way}) > 1 for way in ways)]


def _said_otherwise(trained: Sequence[Choices]) -> frozenset[str]:
    """What is no choice, and what a size's name says by itself where every model has such a name."""
    return OBSERVED | (frozenset(SHAPE) if all(choices.get("size") for choices in trained) else frozenset())
