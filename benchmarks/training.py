"""Tokens a second of pre-training, beside a bare torch loop and transformers' Trainer; and what looking costs.

    python benchmarks/training.py [--sizes 0.3M,2M] [--steps 60] [--repeats 3] [--threads 1] [--clock processor]

The three train the same model on the same batches with the same AdamW (fused), clipping and schedule of rates. They
take turns, so that a busy machine slows all of them; each figure is the median of its repeats, set-up left out: time
runs from one step to the last. The share that looks take is that of geometry and held-out loss at 12 checkpoints.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

import torch

from lmgeo.core.environment import set_threads
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.core.spec.trajectory import TrajectorySpec
from lmgeo.models.build import build_model
from lmgeo.models.handle import ModelHandle
from lmgeo.study.trajectory import looker
from lmgeo.train.causal_objective import CausalObjective
from lmgeo.train.causal_text import CausalText
from lmgeo.train.optimization import adamw, rate_at
from lmgeo.train.pretrain import pretrain
from lmgeo.train.training_text import training_text

WARM = 5  # first steps, which allocate and set kernels up, are left out
CHECKPOINTS = 12


class Laps:
    """When each step ended."""

    clock: ClassVar[Callable[[], float]] = time.perf_counter

    def __init__(self) -> None:
        self.ends: list[float] = []

    def lap(self, *_: Any) -> None:
        """One more step is done."""
        self.ends.append(Laps.clock())

    def seconds_a_step(self) -> float:
        """Mean over all steps but the first few."""
        return (self.ends[-1] - self.ends[WARM]) / (len(self.ends) - 1 - WARM)


def batches(spec: PretrainSpec, text: CausalText) -> list[torch.Tensor]:
    """The run's own batches, in its order."""
    found = CausalObjective(spec, text).batches(0)
    return [batch.passes(0, 1, None)[0].loss_sum.args[0] for batch in found]  # type: ignore[attr-defined]


def ours(spec: PretrainSpec, text: CausalText) -> float:
    """Seconds a step of `pretrain`."""
    laps = Laps()
    with tempfile.TemporaryDirectory() as folder:
        pretrain(spec, text, Path(folder) / "model", on_step=laps.lap)
    return laps.seconds_a_step()


def bare(spec: PretrainSpec, text: CausalText) -> float:
    """Seconds a step of a loop that does nothing else."""
    model, laps, rows = build_model(spec, len(text.tokenizer), 0).train(), Laps(), batches(spec, text)
    optimizer = adamw(model, spec.weight_decay, (spec.beta1, spec.beta2))
    for step, ids in enumerate(rows):
        for group in optimizer.param_groups:
            group["lr"] = rate(spec, step)
        optimizer.zero_grad(set_to_none=True)
        logits = model(input_ids=ids[:, :-1], use_cache=False).logits
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten())
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), spec.clip)
        optimizer.step()
        laps.lap()
    return laps.seconds_a_step()


def by_trainer(spec: PretrainSpec, text: CausalText) -> float:
    """Seconds a step of transformers' Trainer, with nothing logged and nothing saved."""
    from transformers import Trainer, TrainerCallback, TrainingArguments

    laps, rows = Laps(), torch.cat(batches(spec, text))
    # labels are shifted within the model, so the last of a row's inputs is predicted by none: give it one input more
    data = [{"input_ids": row, "labels": row} for row in rows]
    lap = type("Lap", (TrainerCallback,), {"on_step_end": lambda self, *a, **k: laps.lap()})()
    with tempfile.TemporaryDirectory() as folder:
        given = TrainingArguments(
            folder,
            max_steps=spec.steps,
            per_device_train_batch_size=spec.batch_size,
            learning_rate=spec.peak_rate,
            weight_decay=spec.weight_decay,
            adam_beta2=spec.beta2,
            max_grad_norm=spec.clip,
            optim="adamw_torch_fused",
            lr_scheduler_type="cosine",
            use_cpu=True,
            save_strategy="no",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
        )
        model = build_model(spec, len(text.tokenizer), 0).train()
        Trainer(model=model, args=given, train_dataset=data, callbacks=[lap]).train()
    return laps.seconds_a_step()


def rate(spec: PretrainSpec, step: int) -> float:
    """The learning rate of a step."""
    return rate_at(step, spec.steps, spec.peak_rate, spec.warmup_fraction, spec.schedule, spec.final_fraction)


def share_of_looks(spec: PretrainSpec, text: CausalText, seconds: float, steps: int) -> dict[str, float]:
    """What 12 looks take of a run of `steps` steps: geometry, and held-out loss."""
    few = PretrainSpec(**{**spec.resolved(), "steps": CHECKPOINTS, "even_checkpoints": CHECKPOINTS - 1})
    look, spent = looker(TrajectorySpec(), few, text), []

    def timed(step: int, handle: ModelHandle) -> dict[str, Any]:
        began = Laps.clock()
        found = look(step, handle)
        spent.append(Laps.clock() - began)
        return found

    with tempfile.TemporaryDirectory() as folder:
        result = pretrain(few, text, Path(folder) / "model", on_checkpoint=timed)
    parts = {part: sum(one["seconds"][part] for one in result.looks) for part in ("geometry", "loss")}
    share = sum(spent) / (steps * seconds + sum(spent))
    return {part: share * value / sum(parts.values()) for part, value in parts.items()}


def measure(size: str, steps: int, repeats: int, tokens: int) -> dict[str, Any]:
    """One size's figures."""
    spec = PretrainSpec(architecture="olmo2", size=size, steps=steps)
    text = training_text(spec)
    assert isinstance(text, CausalText)
    ways: dict[str, Callable[[PretrainSpec, CausalText], float]] = {"bare": bare, "ours": ours, "Trainer": by_trainer}
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repeats):
        for name, way in ways.items():
            found[name].append(way(spec, text))
    seconds = {name: statistics.median(values) for name, values in found.items()}
    a_step = spec.batch_size * spec.max_length
    looks = share_of_looks(spec, text, seconds["ours"], tokens // a_step)
    return {
        "size": size,
        "tokens_per_second": {name: round(a_step / value) for name, value in seconds.items()},
        "ours_over_bare": round(statistics.median(b / o for b, o in zip(found["bare"], found["ours"], strict=True)), 3),
        "trainer_over_bare": round(seconds["bare"] / seconds["Trainer"], 3),
        "looks_share": {name: round(share, 4) for name, share in looks.items()},
        "looks_of_tokens": tokens,
    }


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sizes", default="0.3M,2M")
    options.add_argument("--steps", type=int, default=60)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--threads", type=int, default=1)
    options.add_argument("--tokens", type=int, default=512_000, help="of the run that the looks are a share of")
    options.add_argument("--clock", choices=("wall", "processor"), default="wall", help="processor: on a busy machine")
    asked = options.parse_args()
    set_threads(asked.threads)
    if asked.clock == "processor":
        Laps.clock = time.process_time
    for size in asked.sizes.split(","):
        print(json.dumps(measure(size, asked.steps, asked.repeats, asked.tokens)))


if __name__ == "__main__":
    main()
