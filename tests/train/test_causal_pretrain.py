"""Pre-training of causal models: against a plain loop, in parts, resumed, and read by plain transformers."""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lmgeo.core.errors import NotEnoughData, SpecError
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.build import build_model, flops_a_token
from lmgeo.models.handle import ModelHandle
from lmgeo.train.causal_objective import CausalObjective
from lmgeo.train.causal_text import CausalText
from lmgeo.train.checkpoints import checkpoint_steps
from lmgeo.train.optimization import Diverged
from lmgeo.train.partial import partial_folder
from lmgeo.train.pretrain import pretrain

Spec = Callable[..., PretrainSpec]


def weights(folder: Path) -> dict[str, torch.Tensor]:
    return load_file(folder / "model.safetensors")


def close(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.allclose(a[name], b[name], rtol=0, atol=1e-5) for name in a)


def same(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor]) -> bool:
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def rows_of(text: CausalText, length: int) -> np.ndarray:
    """Every window as the stream has it, by hand."""
    ids = np.asarray(text.train.ids, np.int64)
    return np.stack([ids[i : i + length + 1] for i in range(0, len(ids) - length, length)])


def plainly(spec: PretrainSpec, text: CausalText) -> tuple[Any, list[float]]:
    """The same run as a plain loop over transformers' own loss."""
    model = build_model(spec, len(text.tokenizer), 0).train()
    rows = rows_of(text, spec.max_length)
    decays = [p for p in model.parameters() if p.ndim > 1], [p for p in model.parameters() if p.ndim == 1]
    groups = [{"params": decays[0], "weight_decay": spec.weight_decay}, {"params": decays[1], "weight_decay": 0.0}]
    optimizer = torch.optim.AdamW(groups, lr=0.0, betas=(spec.beta1, spec.beta2))
    losses, step, epoch = [], 0, 0
    while step < spec.steps:
        order = numpy_stream(spec.seed, "data_order", str(epoch)).permutation(len(rows))
        for i in range(len(rows) // spec.batch_size):
            if step == spec.steps:
                break
            ids = torch.from_numpy(rows[order[i * spec.batch_size : (i + 1) * spec.batch_size]])
            optimizer.zero_grad()
            logits = model(input_ids=ids[:, :-1]).logits
            loss = -torch.log_softmax(logits, 2).gather(2, ids[:, 1:, None]).mean()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            left = (spec.steps - step) / spec.steps
            for group in optimizer.param_groups:
                group["lr"] = 4e-3 * (0.1 + 0.9 * 0.5 * (1 - math.cos(math.pi * left)))
            optimizer.step()
            losses.append(loss.item())
            step += 1
        epoch += 1
    return model, losses


@pytest.mark.parametrize(
    "changes",
    [{}, {"architecture": "gpt_neox", "tied": True}, {"architecture": "stablelm", "parallel": True, "seed": 3}],
)
def test_a_run_is_the_plain_loop(
    changes: dict[str, Any], tmp_path: Path, causal: CausalText, causal_spec: Spec
) -> None:
    spec = causal_spec(batch_size=100, steps=9, warmup_fraction=0.0, **changes)  # two epochs and a bit
    seen: list[float] = []
    result = pretrain(spec, causal, tmp_path / "model", on_step=lambda step, loss: seen.append(loss))
    model, losses = plainly(spec, causal)
    np.testing.assert_allclose(seen, losses, rtol=0, atol=1e-5)
    ours = weights(tmp_path / "model")
    assert all(torch.allclose(p, ours[name], rtol=0, atol=1e-5) for name, p in model.named_parameters() if name in ours)
    assert len(ours) == len(dict(model.named_parameters()))
    assert (result.first_loss, result.highest_loss) == (seen[0], max(seen))
    assert result.losses[-1]["loss"] == seen[-1]
    assert result.tokens == 9 * 100 * 16
    assert result.flops == result.tokens * flops_a_token(model, 16)


SCRIPT = """
import json, sys
import torch, transformers as t
assert "lmgeo" not in sys.modules
model = t.AutoModelForCausalLM.from_pretrained(sys.argv[1], dtype=torch.float32).eval()
tokenizer = t.AutoTokenizer.from_pretrained(sys.argv[1])
given = json.load(sys.stdin)
ids = [i for text in given["documents"] for i in [0, *tokenizer(text, add_special_tokens=False)["input_ids"]]]
rows = [ids[i:i + 17] for i in range(0, len(ids) - 16, 16)]
rows = torch.tensor(rows[:256])
with torch.no_grad():
    logits = model(input_ids=rows[:, :-1]).logits
loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), rows[:, 1:].flatten()).item()
ends = model.get_input_embeddings().weight is model.get_output_embeddings().weight
print(json.dumps({"loss": loss, "tied": ends, "kind": model.config.model_type, "separator": tokenizer.eos_token_id}))
"""


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("architecture", ["olmo2", "stablelm", "gpt_neox"])
def test_plain_transformers_gives_the_recorded_loss_in_a_fresh_process(
    architecture: str, tied: bool, tmp_path: Path, causal: CausalText, causal_spec: Spec
) -> None:
    result = pretrain(causal_spec(architecture=architecture, tied=tied), causal, tmp_path / "model")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", SCRIPT, str(tmp_path / "model")],
        input=json.dumps({"documents": causal.held_out_documents}),
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "HF_HUB_OFFLINE": "1", "PYTHONPATH": ""},
    )
    found = json.loads(done.stdout)
    assert found == {
        "loss": pytest.approx(result.held_out_loss, abs=1e-5),
        "tied": tied,
        "kind": architecture,
        "separator": 0,
    }
    assert result.held_out_loss < result.first_loss


@pytest.mark.parametrize("micro_batch", [1, 3, 5, 100])
def test_passes_change_nothing(micro_batch: int, tmp_path: Path, causal: CausalText, causal_spec: Spec) -> None:
    seen: dict[int | None, list[float]] = {}
    for passes in (None, micro_batch):
        losses = seen.setdefault(passes, [])
        spec = causal_spec(micro_batch=passes)
        pretrain(spec, causal, tmp_path / str(passes), on_step=lambda step, loss, losses=losses: losses.append(loss))
    np.testing.assert_allclose(seen[None], seen[micro_batch], rtol=0, atol=1e-5)
    assert close(weights(tmp_path / "None"), weights(tmp_path / str(micro_batch)))


def test_each_window_comes_once_an_epoch_and_a_step_is_its_own(causal: CausalText, causal_spec: Spec) -> None:
    rows = rows_of(causal, 16)
    size = 7
    a_pass = len(rows) // size
    spec = causal_spec(batch_size=size, steps=2 * a_pass + 3)
    objective = CausalObjective(spec, causal)

    def windows(start: int) -> list[list[tuple[int, ...]]]:
        found = []
        for batch in objective.batches(start):
            (one,) = batch.passes(0, 1, None)
            found.append([tuple(row) for row in one.loss_sum.args[0].tolist()])
            assert batch.guesses == one.guesses == size * 16
        return found

    whole = windows(0)
    assert len(whole) == spec.steps
    every = sorted(map(tuple, rows.tolist()))
    for epoch in (whole[:a_pass], whole[a_pass : 2 * a_pass]):
        seen = sorted(row for batch in epoch for row in batch)
        assert len(seen) == a_pass * size
        left = list(every)
        for row in seen:
            left.remove(row)  # each at most as often as it is there
        assert len(left) == len(rows) - len(seen) < size
    assert whole[0] != whole[a_pass]
    for start in (1, a_pass - 1, a_pass, a_pass + 1, spec.steps - 1):
        assert windows(start) == whole[start:]
    assert windows(spec.steps) == []


@pytest.mark.parametrize("world", [1, 2, 3, 8])
@pytest.mark.parametrize("most", [None, 2])
def test_a_team_shares_a_batch_without_a_gap(
    world: int, most: int | None, causal: CausalText, causal_spec: Spec
) -> None:
    batch = next(CausalObjective(causal_spec(batch_size=5), causal).batches(0))
    (whole,) = batch.passes(0, 1, None)
    parts = [one for rank in range(world) for one in batch.passes(rank, world, most)]
    assert torch.equal(torch.cat([one.loss_sum.args[0] for one in parts]), whole.loss_sum.args[0])
    assert sum(one.guesses for one in parts) == batch.guesses
    assert all(most is None or len(one.loss_sum.args[0]) <= most for one in parts)


def test_tokens_fix_the_run(tmp_path: Path, causal: CausalText, causal_spec: Spec) -> None:
    spec = PretrainSpec(**{**causal_spec().resolved(), "steps": 0, "tokens": 500})
    result = pretrain(spec, causal, tmp_path / "model")
    assert (result.steps, result.tokens) == (7, 7 * 5 * 16)  # the first step that reaches them


def test_a_short_corpus_or_a_long_batch_is_refused(tmp_path: Path, causal: CausalText, causal_spec: Spec) -> None:
    with pytest.raises(NotEnoughData, match=r"windows of 16 tokens are fewer than the batch_size 100000"):
        pretrain(causal_spec(batch_size=100_000), causal, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("architecture", ["olmo2", "gpt_neox"])
def test_bfloat16_is_near(architecture: str, tmp_path: Path, causal: CausalText, causal_spec: Spec) -> None:
    found = {}
    for precision in ("float32", "bfloat16"):
        spec = causal_spec(architecture=architecture, precision=precision, steps=20)
        found[precision] = pretrain(spec, causal, tmp_path / precision)
    narrow, plain = weights(tmp_path / "bfloat16"), weights(tmp_path / "float32")
    assert {w.dtype for w in narrow.values()} == {torch.float32}
    assert not same(narrow, plain)
    assert found["bfloat16"].held_out_loss == pytest.approx(found["float32"].held_out_loss, rel=0.01)
    assert found["bfloat16"].held_out_loss < found["bfloat16"].first_loss - 0.3


def kill_at(last: int) -> Callable[[int, float], None]:
    def on_step(step: int, loss: float) -> None:
        if step == last:
            raise KeyboardInterrupt

    return on_step


def test_a_look_that_fails_on_a_broken_model_is_a_divergence(
    tmp_path: Path, causal: CausalText, causal_spec: Spec
) -> None:
    def look(step: int, handle: ModelHandle) -> dict[str, Any]:
        if step:
            raise SpecError("NaN in the hidden states", "mend it")
        return {}

    spec = causal_spec(learning_rate=1e30, warmup_fraction=0.0, log_checkpoints=True)
    with pytest.raises(Diverged, match="held-out loss is nan at step 1"):
        pretrain(spec, causal, tmp_path / "broken", on_checkpoint=look)
    with pytest.raises(SpecError, match="NaN in the hidden states"):  # a sound model's failure is the look's own
        pretrain(causal_spec(log_checkpoints=True), causal, tmp_path / "sound", on_checkpoint=look)


def test_a_last_update_that_breaks_the_model_is_a_divergence(
    tmp_path: Path, causal: CausalText, causal_spec: Spec
) -> None:
    with pytest.raises(Diverged, match="held-out loss is nan at step 1"):
        pretrain(causal_spec(learning_rate=1e30, steps=1), causal, tmp_path / "model")
    assert not (tmp_path / "model").exists()


def test_checkpoints_kept_by_another_run_are_not_this_ones(
    tmp_path: Path, causal: CausalText, causal_spec: Spec
) -> None:
    kept = {"keep_checkpoints": True}
    with pytest.raises(KeyboardInterrupt):
        pretrain(causal_spec(log_checkpoints=True, seed=1, **kept), causal, tmp_path / "m", on_step=kill_at(9))
    assert (partial_folder(tmp_path / "m") / "step-8").is_dir()
    pretrain(causal_spec(even_checkpoints=2, **kept), causal, tmp_path / "m")
    assert {p.name for p in (tmp_path / "m").glob("step-*")} == {"step-0", "step-6", "step-12"}
    assert [p.name for p in tmp_path.iterdir()] == ["m"]
    last = weights(tmp_path / "m" / "step-12")
    assert same(last, weights(tmp_path / "m"))
    with pytest.raises(SpecError, match="holds something else"):  # other checkpoints are another result
        pretrain(causal_spec(even_checkpoints=3, **kept), causal, tmp_path / "m")


def test_a_run_killed_while_its_folder_is_made_keeps_its_checkpoints(
    tmp_path: Path, causal: CausalText, causal_spec: Spec, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lmgeo.train import training_record

    def killed(path: Path, value: Any) -> None:
        raise KeyboardInterrupt

    spec = causal_spec(even_checkpoints=2, keep_checkpoints=True)
    with monkeypatch.context() as patched:
        patched.setattr(training_record, "write_json", killed)
        with pytest.raises(KeyboardInterrupt):
            pretrain(spec, causal, tmp_path / "m")
    pretrain(spec, causal, tmp_path / "m", on_step=kill_at(1))
    assert {p.name for p in (tmp_path / "m").glob("step-*")} == {"step-0", "step-6", "step-12"}


@pytest.mark.parametrize("record", ["[]", "{", '{"key": 3}'])
def test_a_folder_with_another_record_is_not_replaced(
    record: str, tmp_path: Path, causal: CausalText, causal_spec: Spec
) -> None:
    (tmp_path / "m").mkdir()
    (tmp_path / "m" / "training.json").write_text(record)
    with pytest.raises(SpecError, match="holds something else"):
        pretrain(causal_spec(), causal, tmp_path / "m")
    assert (tmp_path / "m" / "training.json").read_text() == record


@pytest.mark.parametrize(
    ("log", "even", "steps", "expected"),
    [
        (True, 0, 12, [0, 1, 2, 4, 8, 12]),
        (True, 0, 8, [0, 1, 2, 4, 8]),
        (False, 3, 12, [0, 4, 8, 12]),
        (True, 3, 12, [0, 1, 2, 4, 8, 12]),
        (False, 5, 3, [0, 1, 2, 3]),
        (True, 0, 1, [0, 1]),
        (False, 0, 12, []),
    ],
)
def test_checkpoints_stand_where_asked(log: bool, even: int, steps: int, expected: list[int]) -> None:
    assert checkpoint_steps(PretrainSpec(log_checkpoints=log, even_checkpoints=even), steps) == expected
