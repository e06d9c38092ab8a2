"""Tasks of EleutherAI's lm-evaluation-harness, for a model in hand; an optional part of the installation.

The harness keeps a model's answers by the text of a request alone: in one file for two models, the second is given
the first one's answers (https://github.com/EleutherAI/lm-evaluation-harness/issues/4063). So a file here belongs to
one model's content, and it is the caller who names it.
"""

from __future__ import annotations

import copy
import difflib
import io
import logging
import math
import random
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from lmgeo.core.errors import LmgeoError, MissingExtra, SpecError, UnknownName
from lmgeo.core.progress import Progress, silent
from lmgeo.models.quiet import quiet
from lmgeo.train.documents import window_length
from lmgeo.train.grading import TaskScore
from lmgeo.train.optimization import torch_stream

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle

PREFIX = "lm-eval:"
BATCH = 8  # requests at once
_BOOTSTRAPS = 1000  # of the metrics whose standard error has no formula
_NORMAL_95 = 1.96


def harness_version() -> str:
    """The harness's version, which is part of what an answer is.

    Raises:
        MissingExtra: it is not installed.
    """
    return str(_harness().__version__)


def harness_scores(
    handle: ModelHandle,
    tasks: Sequence[str],
    *,
    seed: int = 0,
    limit: int | None = None,
    cache: Path | None = None,
    folder: Path | None = None,
    progress: Progress = silent,
) -> list[TaskScore]:
    """Score a decoder on tasks of the harness, nothing being trained.

    A task's score is its `acc`, else the first of its metrics of which more is better; the interval is normal, from
    the standard error that the harness gives.

    Args:
        handle: a decoder with its head and tokenizer.
        tasks: the harness's own names of tasks or groups.
        seed: of the draw of examples that stand in front of a question, where a task has such.
        limit: the first so many examples of each task; None: all.
        cache: the file of this one model's answers, made where it is not there; None: none is kept.
        folder: of tasks of your own in the harness's YAML, which may name Python code that then runs; the harness's
            own tasks are then left aside.
        progress: told of tasks.

    Raises:
        MissingExtra: the harness is not installed.
        UnknownName: no such task.
        SpecError: no decoder, data that cannot be had, no metric of which more is better.
        LmgeoError: a score that is not finite.
    """
    _harness()
    if not handle.is_decoder:
        raise SpecError(f"{handle.label} is no causal language model", f"give a decoder for {PREFIX} tasks")
    scores = []
    with _undisturbed(seed):
        manager = _tasks(tasks, folder)
        model = _wrapped(handle)
        for done, task in enumerate(tasks):
            progress("lm-eval", done, len(tasks))
            found = _evaluated(model, task, manager, seed, limit, cache)
            scores.append(_score(task, found, seed))
    progress("lm-eval", len(tasks), len(tasks))
    return scores


def _harness() -> Any:
    try:
        with quiet():
            import lm_eval
            import lm_eval.models.huggingface

            return lm_eval
    except ImportError as error:
        raise MissingExtra(
            f"tasks of the lm-evaluation-harness need what is not installed: {error}", "pip install 'lmgeo[lm-eval]'"
        ) from error


@contextmanager
def _undisturbed(seed: int) -> Iterator[None]:
    """The harness draws from global generators, prints and logs; here neither is seen from outside."""
    states, threshold = (random.getstate(), np.random.get_state()), logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with quiet(), torch_stream(seed, "harness"), redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()):
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        logging.disable(threshold)
        random.setstate(states[0])
        np.random.set_state(states[1])


def _tasks(tasks: Sequence[str], folder: Path | None) -> Any:
    from lm_eval.tasks import TaskManager

    # the harness's index holds some 14,000 tasks, which takes seconds to read
    manager = TaskManager(include_path=None if folder is None else str(folder), include_defaults=folder is None)
    for task in tasks:
        if task not in manager.all_tasks:
            raise UnknownName(f"unknown task of the lm-evaluation-harness {task!r}", _near(task, manager.all_tasks))
    return manager


def _near(task: str, known: Sequence[str]) -> str:
    """The names near a mistyped one; all of them would fill pages."""
    near = difflib.get_close_matches(task, known, n=3)
    return f"did you mean {' or '.join(map(repr, near))}?" if near else "`lm_eval ls tasks` lists what there is"


def _wrapped(handle: ModelHandle) -> Any:
    from lm_eval.models.huggingface import HFLM

    return HFLM(
        pretrained=handle.module,
        backend="causal",
        tokenizer=copy.deepcopy(handle.tokenizer),  # where it has no padding token the harness adds one
        max_length=window_length(handle, None),
        batch_size=BATCH,
    )


def _evaluated(model: Any, task: str, manager: Any, seed: int, limit: int | None, cache: Path | None) -> Any:
    try:
        found = _harness().simple_evaluate(
            model=model,
            tasks=[task],
            task_manager=manager,
            limit=limit,
            use_cache=None if cache is None else str(cache),
            bootstrap_iters=_BOOTSTRAPS,
            log_samples=False,
            random_seed=None,
            numpy_random_seed=None,
            torch_random_seed=None,
            fewshot_random_seed=seed,
        )
    except Exception as error:  # tasks, data sets and the hub's client raise their own kinds
        reason = next(iter(str(error).splitlines()), "")[:300]
        raise SpecError(
            f"{PREFIX}{task}: {type(error).__name__}: {reason}",
            "its data come from the hub: check the network, or run once without --offline to have them here",
        ) from error
    return found


def _score(task: str, found: Mapping[str, Any], seed: int) -> TaskScore:
    values = found["results"].get(task, {})
    metrics = {_plain(key): v for key, v in values.items() if "," in key and "_stderr," not in key and _is_number(v)}
    errors = {_plain(key.replace("_stderr,", ",")): v for key, v in values.items() if "_stderr," in key}
    errors = {name: v for name, v in errors.items() if _is_number(v) and math.isfinite(v)}  # "N/A" where there is none
    chosen = _chosen(task, metrics, _better_when_higher(task, found))
    broken = [name for name, value in metrics.items() if not math.isfinite(value)]
    if broken:
        raise LmgeoError(
            f"{PREFIX}{task}: {broken[0]} is {metrics[broken[0]]}", "look for NaN or huge values in the model's weights"
        )
    score = float(metrics[chosen])
    around = _NORMAL_95 * errors[chosen] if chosen in errors else None
    return TaskScore(
        task=f"{PREFIX}{task}",
        score=score,
        metrics={name: float(value) for name, value in metrics.items()},
        n_train=0,
        n_eval=_examples(task, found),
        seed=seed,
        chance=None,
        interval=None if around is None else (score - around, score + around),
        details={
            "metric": chosen,
            "examples_in_front": found.get("n-shot", {}).get(task),
            "task_version": found.get("versions", {}).get(task),
            "harness": harness_version(),
            "notes": [],
        },
    )


def _plain(key: str) -> str:
    """`acc,none` → `acc`; a filter that does something stays in the name."""
    return key.removesuffix(",none")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _chosen(task: str, metrics: Mapping[str, float], better: Mapping[str, bool | None]) -> str:
    fitting = [name for name in metrics if better.get(name.partition(",")[0]) is not False]
    if not fitting:
        raise SpecError(
            f"{PREFIX}{task} has no metric of which more is better, only {', '.join(metrics) or 'none at all'}",
            "take another task; losses on text are what lmgeo.language_loss gives",
        )
    return "acc" if "acc" in fitting else fitting[0]


def _better_when_higher(task: str, found: Mapping[str, Any]) -> Mapping[str, bool | None]:
    return found.get("higher_is_better", {}).get(task, {})


def _examples(task: str, found: Mapping[str, Any]) -> int:
    """The examples scored; those of a group are its tasks'."""
    counts, parts = found.get("n-samples", {}), found.get("group_subtasks", {})
    return int(counts[task]["effective"]) if task in counts else sum(_examples(p, found) for p in parts.get(task, []))
