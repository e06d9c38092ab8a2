"""Labelled examples whose labels are true by construction, made of the built-in text."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from lmgeo.core.errors import NotEnoughData
from lmgeo.core.seeds import numpy_stream
from lmgeo.data.examples import Examples
from lmgeo.data.pydocs.library import BUILDER_VERSION, Sentence, load_library
from lmgeo.data.tasks.kinds import Task

TRAIN_EXAMPLES = 4000
DEV_EXAMPLES = 800
SEED = 0  # the tasks' own: their examples are the same for every user

Maker = Callable[[Sequence[Sentence], np.random.Generator], Examples]


@dataclass(frozen=True)
class Exercise:
    """The source of one built-in task.

    Attributes:
        make: sentences → more examples than are needed, in random order, no two of them
            from the same sentence; so any split of them is disjoint in content.
        version: of what `make` does; a new one is another task.
    """

    make: Maker
    version: int = 1

    def read(self, task: Task, data: str | None) -> tuple[Examples, Examples, list[str]]:
        """4,000 train and 800 dev examples, or fewer in the same ratio, with equal classes."""
        train, dev = _split(self.make, task.name)
        return train, dev, []

    def identity(self, task: Task, data: str | None) -> dict[str, Any]:
        """The text's content and the versions of what is made of it."""
        return {"builder": BUILDER_VERSION, "version": self.version, "content": load_library().content}


@lru_cache(maxsize=8)
def _split(make: Maker, name: str) -> tuple[Examples, Examples]:
    examples = make(load_library().sentences, numpy_stream(SEED, "exercise", name))
    share = DEV_EXAMPLES / (TRAIN_EXAMPLES + DEV_EXAMPLES)
    if examples.graded:
        cut = [(np.arange(len(examples)), 1)]
    else:
        classes = np.unique(examples.labels)
        cut = [(np.flatnonzero(examples.labels == label), len(classes)) for label in classes]
    fewest = min(len(index) * parts for index, parts in cut)
    if fewest < 100:
        raise NotEnoughData(
            f"the built-in text gives only {fewest} examples of {name}", "use a full Python installation"
        )
    total = min(TRAIN_EXAMPLES + DEV_EXAMPLES, fewest)
    dev, train = [], []
    for index, parts in cut:
        size = total // parts
        n_dev = round(size * share)
        dev.append(index[:n_dev])
        train.append(index[n_dev:size])
    return examples.take(np.sort(np.concatenate(train))), examples.take(np.sort(np.concatenate(dev)))
