"""A monitor inside a training: what it sees, when it warns, and that training does not notice."""

from __future__ import annotations

import csv
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import lmgeo
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from tests.conftest import sentences

TEXTS = sentences(40, seed=5)
DOCS = Path(__file__).resolve().parents[2] / "docs" / "monitor.md"


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    from lmgeo.models.tokenizer import train_wordpiece

    return train_wordpiece(TEXTS, 120, 32)


@pytest.fixture
def model(tokenizer: Any) -> Any:
    return _model(tokenizer)


def _model(tokenizer: Any) -> Any:
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=24,
        max_position_embeddings=32, pad_token_id=0, attention_dropout=0.2,
    )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(1)
        return LlamaForCausalLM(config).train()


def _batches(tokenizer: Any, count: int) -> list[dict[str, torch.Tensor]]:
    ids = [torch.tensor(tokenizer(text)["input_ids"][:6]) for text in sentences(8 * count, seed=6)]
    stacked = [torch.stack(ids[i : i + 8]) for i in range(0, len(ids), 8)]
    return [{"input_ids": batch, "labels": batch} for batch in stacked]


def _trained(tokenizer: Any, watched: bool) -> tuple[list[torch.Tensor], lmgeo.Monitor]:
    model = _model(tokenizer)
    monitor = lmgeo.Monitor(model, tokenizer, texts=TEXTS, every=3, after=10**6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(2)  # of dropout
        for step, batch in enumerate(_batches(tokenizer, 12)):
            loss = model(**batch).loss
            if watched:
                monitor.look(step, loss)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    return [p.detach().clone() for p in model.parameters()], monitor


def test_a_watched_run_ends_with_the_same_weights(tokenizer: Any) -> None:
    watched, monitor = _trained(tokenizer, True)
    alone, _ = _trained(tokenizer, False)
    assert all(torch.equal(a, b) for a, b in zip(watched, alone, strict=True))
    rows = monitor.table()
    assert [row["step"] for row in rows] == [0, 3, 6, 9]
    assert len({row["unembedding.effective_rank"] for row in rows}) == 4
    assert monitor.seconds > 0


def test_a_look_gives_the_geometry_of_that_moment_and_the_mean_loss(model: Any, tokenizer: Any) -> None:
    monitor = lmgeo.Monitor(model, tokenizer, texts=TEXTS, every=2, measures=["effective_rank"])
    assert monitor.look(1, torch.tensor(3.0, requires_grad=True)) == {
        "step": 1, "values": {}, "warnings": [], "seconds": 0.0,
    }  # fmt: skip
    found = monitor.look(2, 4.0)
    assert list(found["values"]) == [
        "score.loss", "unembedding.effective_rank", "final.last.effective_rank", "final.effective_rank",
    ]  # fmt: skip
    assert found["values"]["score.loss"] == 3.5
    sigma = np.linalg.svd(model.lm_head.weight.detach().double().numpy(), compute_uv=False)
    p = sigma / sigma.sum()
    assert found["values"]["unembedding.effective_rank"] == pytest.approx(np.exp(-(p * np.log(p)).sum()), rel=1e-6)
    with torch.no_grad():
        model.lm_head.weight[:, 8:] = 0.0
    assert monitor.look(4)["values"]["unembedding.effective_rank"] < 8.001
    assert "score.loss" not in monitor.look(6)["values"]
    assert [row["score.loss"] for row in monitor.table()] == [3.5, None, None]


def test_a_late_rise_is_warned_of_once_an_episode(model: Any, tokenizer: Any) -> None:
    monitor = lmgeo.Monitor(model, tokenizer, sites=(), measures=["effective_rank"])
    noise = 0.01 * np.random.default_rng(3).standard_normal(80)
    steps = np.arange(80)
    loss = 2 + 3 / np.sqrt(1 + steps) + noise
    loss[40:60] += 1.0  # and it goes back again
    loss[70:] += 1.0
    found = {}
    for step in steps:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            look = monitor.look(int(step), float(loss[step]))
        assert [str(w.message) for w in caught] == look["warnings"]
        assert all(w.category is lmgeo.GeometryWarning for w in caught)
        found |= {int(step): text for text in look["warnings"]}
    assert len(found) == 2
    assert 42 <= min(found) <= 48
    assert 72 <= max(found) <= 79
    assert re.fullmatch(
        rf"step {min(found)}: the loss has risen late, from 2\.\d+ \(its best, at step \d+\) to 3\.\d+: "
        r"by \d+%, \d+ times its noise, and so at 3 looks in a row",
        found[min(found)],
    )
    assert monitor.warnings == list(found.values())


# ever slower; and ever faster, as in a warm-up, where only the step to begin at helps
@pytest.mark.parametrize(
    ("fall", "after"), [(0.2 + 0.8 * np.exp(-np.arange(12) / 2), 0), (np.linspace(1.0, 0.2, 12), 12)]
)
def test_a_rank_collapse_is_warned_of_but_not_the_fall_that_training_begins_with(
    model: Any, tokenizer: Any, fall: np.ndarray, after: int
) -> None:
    monitor = lmgeo.Monitor(model, tokenizer, sites=(), measures=["effective_rank"], after=after)
    random = np.random.default_rng(4)
    base = model.lm_head.weight.detach().clone()
    shares = [*fall, *[0.2] * 20, *np.linspace(0.2, 0.01, 10)]
    said = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", lmgeo.GeometryWarning)
        for step, share in enumerate(shares):
            with torch.no_grad():
                scale = torch.ones(16)
                scale[2:] = share * (1 + 0.01 * float(random.standard_normal()))
                model.lm_head.weight.copy_(base * scale)
            said += [(step, text) for text in monitor.look(step)["warnings"]]
    ((step, text),) = said
    assert 34 <= step <= 41
    assert "effective_rank of unembedding has collapsed, from " in text


def test_what_is_not_finite_is_warned_of_and_training_goes_on(model: Any, tokenizer: Any) -> None:
    monitor = lmgeo.Monitor(model, tokenizer, texts=TEXTS)
    assert monitor.look(0, 1.0)["warnings"] == []
    with torch.no_grad():
        model.model.norm.weight[2] = torch.nan
    with pytest.warns(lmgeo.GeometryWarning) as caught:
        look = monitor.look(1, float("inf"))
    assert [str(w.message) for w in caught] == [
        "step 1: the hidden states of llama at final hold NaN or infinity", "step 1: the loss is not finite",
    ]  # fmt: skip
    assert look["values"]["score.loss"] is None
    assert look["values"]["unembedding.effective_rank"] > 1
    assert monitor.look(2, float("nan"))["warnings"] == []  # the same episode
    assert monitor.table()[2]["final.effective_rank"] is None


def test_what_cannot_be_looked_at_is_refused_before_training(model: Any, tokenizer: Any) -> None:
    with pytest.raises(SpecError, match="no tokenizer"):
        lmgeo.Monitor(model, texts=TEXTS)
    with pytest.raises(SpecError, match="a Linear in place of a model"):
        lmgeo.Monitor(torch.nn.Linear(2, 2), tokenizer)
    with pytest.raises(UnknownName, match="efective"):
        lmgeo.Monitor(model, tokenizer, texts=TEXTS, measures="efective_rank")
    with pytest.raises(UnknownName, match="finl"):
        lmgeo.Monitor(model, tokenizer, texts=TEXTS, sites="finl")
    with pytest.raises(UnknownName, match="lst"):
        lmgeo.Monitor(model, tokenizer, texts=TEXTS, tokens="lst")
    with pytest.raises(SpecError, match="nothing to measure"):
        lmgeo.Monitor(model, tokenizer, texts=TEXTS, sites=(), weights="nothing")
    with pytest.raises(SpecError, match="every = 0"):
        lmgeo.Monitor(model, tokenizer, texts=TEXTS, every=0)
    with pytest.raises(NotEnoughData, match="no text"):
        lmgeo.Monitor(model, tokenizer, texts=[])
    monitor = lmgeo.Monitor(model, tokenizer, texts=TEXTS)
    with pytest.raises(SpecError, match="no look was taken"):
        monitor.write("x.csv")
    monitor.look(5)
    with pytest.raises(SpecError, match="step 5 after one at step 5"):
        monitor.look(5)
    with pytest.raises(SpecError, match=r"x\.txt is no \.csv"):
        monitor.write("x.txt")
    assert model.training


def _code_blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", DOCS.read_text(encoding="utf-8"), flags=re.DOTALL)


@pytest.mark.parametrize("shares", [{"rise": float("nan")}, {"rise": -1.0}, {"collapse": 5.0}, {"collapse": 0.0}])
def test_a_share_that_would_never_warn_or_always_is_refused(
    model: Any, tokenizer: Any, shares: dict[str, float]
) -> None:
    with pytest.raises(SpecError, match=r"rise = .*, collapse = "):
        lmgeo.Monitor(model, tokenizer, texts=TEXTS, **shares)


def test_one_text_is_one_text_and_not_its_letters(model: Any, tokenizer: Any) -> None:
    seen = [lmgeo.Monitor(model, tokenizer, texts=texts).look(1)["values"] for texts in (TEXTS[0], TEXTS[:1])]
    assert seen[0] == seen[1]
    assert seen[0]["final.effective_rank"] is not None


def test_the_loop_of_the_docs_and_the_report_on_its_table(
    model: Any, tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    exec(
        _code_blocks()[0],
        {"model": model, "tokenizer": tokenizer, "batches": _batches(tokenizer, 81), "optimizer": optimizer},
    )
    with open("monitor.csv", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["model"] for row in rows] == [f"run@step{step}" for step in range(0, 81, 10)]
    analysis = lmgeo.analyze("monitor.csv", target="score.loss")
    (saturation,) = analysis["saturation"]
    assert saturation["steps"] == 9
    assert saturation["rank_measure"] == "unembedding.effective_rank_pct"
    assert saturation["last"] == pytest.approx(float(rows[-1]["score.loss"]))
    lmgeo.report("monitor.csv", target="score.loss", out="monitor.html")
    assert "final.last.effective_rank" in Path("monitor.html").read_text(encoding="utf-8")


@pytest.mark.filterwarnings("ignore:'pin_memory' argument")
def test_the_trainer_of_the_docs(model: Any, tokenizer: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("accelerate")
    monkeypatch.chdir(tmp_path)
    dataset = [{k: v[0] for k, v in batch.items()} for batch in _batches(tokenizer, 40)]
    names: dict[str, Any] = {"model": model, "tokenizer": tokenizer, "dataset": dataset}
    exec(_code_blocks()[1], names)
    history = names["trainer"].state.log_history
    looks = [row for row in history if "lmgeo/unembedding.effective_rank" in row]
    losses = {row["step"]: row["loss"] for row in history if "loss" in row}
    assert [row["step"] for row in looks] == list(losses) == list(range(5, 65, 5))
    assert [row["lmgeo/score.loss"] for row in looks] == list(losses.values())
    table = names["watch"].monitor.table()
    assert [row["final.effective_rank"] for row in table] == [row["lmgeo/final.effective_rank"] for row in looks]
    assert names["watch"].monitor.after == 6
    assert Path("monitor.csv").is_file()


@pytest.mark.filterwarnings("ignore:'pin_memory' argument")
def test_a_tracker_gets_the_values_of_each_evaluation_once(model: Any, tokenizer: Any, tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    from transformers import Trainer, TrainerCallback, TrainingArguments

    class Tracker(TrainerCallback):
        """Called before what is added later, as those of `report_to` are."""

        seen: list[dict[str, float]] = []  # noqa: RUF012

        def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:
            self.seen.append({"at": state.global_step, **logs})

    rows = [{k: v[0] for k, v in batch.items()} for batch in _batches(tokenizer, 20)]
    settings = TrainingArguments(
        str(tmp_path), max_steps=6, eval_strategy="steps", eval_steps=2, logging_steps=1, save_strategy="no",
        report_to=[], disable_tqdm=True,
    )  # fmt: skip
    trainer = Trainer(model, settings, train_dataset=rows, eval_dataset=rows[:4], callbacks=[Tracker()])
    with pytest.raises(SpecError, match="no tokenizer"):
        lmgeo.callback(trainer, texts=TEXTS)
    with pytest.raises(SpecError, match="every = 0"):
        lmgeo.callback(trainer, every=0)
    watch = lmgeo.callback(trainer, tokenizer=tokenizer, texts=TEXTS, after=3)
    trainer.add_callback(watch)
    trainer.train()
    trainer.evaluate()
    looks = [logs for logs in Tracker.seen if "lmgeo/final.isoscore" in logs]
    evaluations = {logs["at"]: logs["eval_loss"] for logs in Tracker.seen if "eval_loss" in logs}
    assert {logs["at"]: logs["lmgeo/score.loss"] for logs in looks} == evaluations
    assert [logs["at"] for logs in looks] == [2, 4, 6]
    assert [logs["at"] for logs in Tracker.seen if "loss" in logs] == [1, 2, 3, 4, 5, 6]
    assert watch.monitor.after == 3
