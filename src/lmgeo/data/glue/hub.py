"""GLUE splits from the hub's copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import content_key, hash_texts
from lmgeo.data.examples import Examples
from lmgeo.data.glue.parquet import hub_examples
from lmgeo.data.hub import load_hub_dataset
from lmgeo.data.tasks.kinds import Task

if TYPE_CHECKING:
    from lmgeo.data.glue.layout import Glue

REPOSITORY = "nyu-mll/glue"


@dataclass(frozen=True)
class HubSplit:
    """One split of the hub's copy; `repository` empty means GLUE's own."""

    task: Task
    glue: Glue
    repository: str
    split: str

    def content(self) -> str:
        """The hash of its texts and labels."""
        examples, _ = self.examples()
        labels = content_key(examples.labels.tolist())
        return hash_texts([*examples.first, "", *(examples.second or []), labels])

    def examples(self) -> tuple[Examples, list[str]]:
        """Every row in order.

        Raises:
            SpecError: no network and no local copy, or a split or column that is missing.
        """
        splits = _load(self.repository or REPOSITORY, self.task.name)
        source = f"{self.repository or REPOSITORY}/{self.task.name}/{self.split}"
        if self.split not in splits:
            raise SpecError(f"there is no split {source}", f"it has {', '.join(splits)}")
        table = splits[self.split]
        missing = [str(name) for name in self.glue.hub.wanted if name not in table.column_names]
        if missing:
            raise SpecError(f"{source} lacks the column {missing[0]!r}", f"it has {', '.join(table.column_names)}")
        return hub_examples([list(table[str(name)]) for name in self.glue.hub.wanted], self.task, self.glue, source), []


@lru_cache(maxsize=16)
def _load(repository: str, config: str) -> Any:
    return load_hub_dataset(repository, config)
