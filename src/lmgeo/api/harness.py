"""Tasks of the lm-evaluation-harness beside our own, with one file of kept answers a model."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.progress import Progress, silent

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle


def evaluate_in_harness(
    source: str, handle: ModelHandle, tasks: Sequence[str], *, seed: int = 0, progress: Progress = silent
) -> dict[str, dict[str, Any]]:
    """Each task's score as plain JSON, by `lm-eval:` and its name.

    Args:
        source: the model as it was named: a checkpoint folder, or `hf:ID[@REVISION]`.
        handle: the same model, loaded.
        tasks: the harness's own names.

    Raises:
        as `harness_scores`.
    """
    from lmgeo.train.harness import harness_scores

    scores = harness_scores(handle, tasks, seed=seed, cache=answers_file(source), progress=progress)
    return {score.task: score.to_json() for score in scores}


def answers_file(source: str) -> Path:
    """Where a model's answers are kept: a name hashed from its weights, configuration, tokenizer and the harness.

    Below `$XDG_CACHE_HOME/lmgeo`, or `~/.cache/lmgeo`.

    Raises:
        MissingExtra: the harness is not installed.
    """
    from lmgeo.core.identity import content_key
    from lmgeo.models.content import content
    from lmgeo.models.source import resolve
    from lmgeo.train.harness import harness_version

    key = content_key({"model": content(resolve(source).path), "harness": harness_version()})
    home = Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()
    return home / "lmgeo" / "lm-eval" / key
