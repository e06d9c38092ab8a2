"""The contract with the harness on a stand-in for it, and, where it is installed, on the harness itself."""

from __future__ import annotations

import importlib.util
import json
import logging
import random
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from lmgeo.core.errors import LmgeoError, MissingExtra, SpecError, UnknownName
from lmgeo.models.handle import ModelHandle
from lmgeo.train.harness import harness_scores
from tests.train.decoders import byte_tokenizer, decoder, slow_nats

QUESTIONS = [{"question": f"the {a} sees", "choices": [" a cat", " red house"], "answer": i % 2} for i, a in
             enumerate(["dog", "cat", "fox", "bird", "river", "house"])]  # fmt: skip
TASK = """
task: tiny
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
test_split: test
output_type: multiple_choice
doc_to_text: "{{{{question}}}}"
doc_to_choice: "{{{{choices}}}}"
doc_to_target: "{{{{answer}}}}"
metric_list:
  - {{metric: acc_norm, aggregation: mean, higher_is_better: true}}
  - {{metric: acc, aggregation: mean, higher_is_better: true}}
metadata: {{version: 2.0}}
"""
FOUND = {
    "results": {
        "tiny": {"alias": "tiny", "acc_norm,none": 0.25, "acc_norm_stderr,none": "N/A", "acc,none": 0.5,
                 "acc_stderr,none": 0.1, "exact_match,strict": 0.75, "exact_match_stderr,strict": 0.2},
        "group": {"alias": "group", "acc,none": 0.4, "acc_stderr,none": 0.02},
        "perplexing": {"alias": "perplexing", "perplexity,none": 12.0},
        "broken": {"alias": "broken", "acc,none": float("nan")},
    },
    "n-samples": {"tiny": {"original": 6, "effective": 4}, "other": {"original": 9, "effective": 9}},
    "n-shot": {"tiny": 2},
    "versions": {"tiny": 2.0},
    "higher_is_better": {"tiny": {"acc": True}, "perplexing": {"perplexity": False}},
    "group_subtasks": {"group": ["tiny", "other"]},
}  # fmt: skip


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """A stand-in for the harness that keeps what it is asked and answers with `FOUND`."""
    calls: list[dict[str, Any]] = []

    def simple_evaluate(**given: Any) -> Any:
        print("noise", file=sys.stdout)
        logging.getLogger("lm_eval").error("noise")
        random.random(), np.random.random(), torch.rand(1)
        calls.append(given)
        if given["tasks"] == ["away"]:
            raise ConnectionError("Couldn't reach the hub\nmore")
        return FOUND

    def task_manager(**given: Any) -> Any:
        calls.append(given)
        return SimpleNamespace(all_tasks=[*FOUND["results"], "away"])

    top = ModuleType("lm_eval")
    top.__version__, top.simple_evaluate = "9.9", simple_evaluate
    top.models, top.tasks = ModuleType("lm_eval.models"), ModuleType("lm_eval.tasks")
    top.models.huggingface = ModuleType("lm_eval.models.huggingface")
    top.models.huggingface.HFLM = lambda **given: SimpleNamespace(**given)
    top.tasks.TaskManager = task_manager
    for module in (top, top.models, top.tasks, top.models.huggingface):
        monkeypatch.setitem(sys.modules, module.__name__, module)
    return calls


@pytest.fixture(scope="module")
def handle() -> ModelHandle:
    return decoder(tokenizer=byte_tokenizer(), max_length=32)


def test_what_the_harness_is_asked(asked: list[dict[str, Any]], handle: ModelHandle, tmp_path: Path) -> None:
    harness_scores(handle, ["tiny", "group"], seed=3, limit=4, cache=tmp_path / "key")
    manager, first, second = asked
    assert manager == {"include_path": None, "include_defaults": True}
    assert (first["tasks"], second["tasks"]) == (["tiny"], ["group"])
    assert (first["limit"], first["fewshot_random_seed"], first["use_cache"]) == (4, 3, str(tmp_path / "key"))
    assert all(first[f"{name}_random_seed"] is None for name in ("numpy", "torch"))
    assert first["random_seed"] is None
    model = first["model"]
    assert model.pretrained is handle.module
    assert model.tokenizer is not handle.tokenizer  # it may add a token to its own
    assert (model.max_length, model.backend) == (32, "causal")


def test_a_score_is_as_of_our_own_tasks(asked: list[dict[str, Any]], handle: ModelHandle) -> None:
    tiny, group = harness_scores(handle, ["tiny", "group"], seed=3)
    document = json.loads(json.dumps(tiny.to_json(), allow_nan=False))
    assert document.pop("interval") == pytest.approx([0.5 - 0.196, 0.5 + 0.196])
    assert document == {
        "task": "lm-eval:tiny",
        "score": 0.5,
        "metrics": {"acc_norm": 0.25, "acc": 0.5, "exact_match,strict": 0.75},
        "n_train": 0,
        "n_eval": 4,
        "seed": 3,
        "chance": None,
        "details": {"metric": "acc", "examples_in_front": 2, "task_version": 2.0, "harness": "9.9", "notes": []},
    }
    assert (group.score, group.n_eval) == (0.4, 13)


def test_nothing_outside_is_disturbed(
    asked: list[dict[str, Any]], handle: ModelHandle, capsys: pytest.CaptureFixture[str]
) -> None:
    before = random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()
    harness_scores(handle, ["tiny"])
    assert (random.getstate(), np.random.get_state()[1].tolist(), torch.get_rng_state().tolist()) == before
    assert capsys.readouterr() == ("", "")
    assert logging.root.manager.disable == 0


@pytest.mark.parametrize(
    ("task", "error", "what"),
    [
        ("tinny", UnknownName, "unknown task of the lm-evaluation-harness 'tinny'"),
        ("perplexing", SpecError, "no metric of which more is better, only perplexity"),
        ("broken", LmgeoError, "lm-eval:broken: acc is nan"),
        ("away", SpecError, "lm-eval:away: ConnectionError: Couldn't reach the hub$"),
    ],
)
def test_what_cannot_be_scored_is_said(
    asked: list[dict[str, Any]], handle: ModelHandle, task: str, error: type[LmgeoError], what: str
) -> None:
    with pytest.raises(error) as raised:
        harness_scores(handle, [task])
    assert what.rstrip("$") in raised.value.what
    assert "more" not in raised.value.what.partition("hub")[2]


def test_a_name_like_none_does_not_list_thousands(asked: list[dict[str, Any]], handle: ModelHandle) -> None:
    with pytest.raises(UnknownName) as raised:
        harness_scores(handle, ["zzzzzzzz"])
    assert raised.value.mend == "`lm_eval ls tasks` lists what there is"


def test_without_the_harness_its_absence_is_said(handle: ModelHandle, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lm_eval", None)
    with pytest.raises(MissingExtra) as raised:
        harness_scores(handle, ["arc_easy"])
    assert raised.value.mend == "pip install 'lmgeo[lm-eval]'"


def test_a_masked_model_is_refused(asked: list[dict[str, Any]], encoder: ModelHandle) -> None:
    with pytest.raises(SpecError, match="no causal language model"):
        harness_scores(encoder, ["tiny"])


@pytest.mark.skipif(importlib.util.find_spec("lm_eval") is None, reason="the harness is not installed")
def test_the_real_harness_scores_as_a_plain_loop_does(
    handle: ModelHandle, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = tmp_path / "tiny.jsonl"
    data.write_text("\n".join(map(json.dumps, QUESTIONS)))
    (tmp_path / "tasks").mkdir()
    (tmp_path / "tasks" / "tiny.yaml").write_text(TASK.format(data=data))
    monkeypatch.setenv("HF_DATASETS_CACHE", str(tmp_path / "datasets"))
    other = decoder(tokenizer=byte_tokenizer(), max_length=32, seed=8)
    for model in (handle, other):
        cache = tmp_path / f"answers-{model is handle}"
        right = [_likelier(model, q) == q["answer"] for q in QUESTIONS]
        for _ in range(2):  # the second time from what is kept
            (found,) = harness_scores(model, ["tiny"], cache=cache, folder=tmp_path / "tasks")
            assert found.metrics["acc"] == found.score == pytest.approx(np.mean(right))
            assert (found.n_eval, found.details["metric"], found.details["task_version"]) == (6, "acc", 2.0)
    assert len(list(tmp_path.glob("answers-*"))) == 2
    (fewer,) = harness_scores(handle, ["tiny"], limit=3, folder=tmp_path / "tasks")
    assert fewer.n_eval == 3


def _likelier(handle: ModelHandle, question: dict[str, Any]) -> int:
    """The choice with the larger log-likelihood after the question, which cancels in the difference."""
    nats = [slow_nats(handle, question["question"] + choice, 32)[0] for choice in question["choices"]]
    return int(np.argmin(nats))
