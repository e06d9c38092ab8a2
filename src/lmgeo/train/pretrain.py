"""Pre-training: one loop for masked and causal models, seeded, resumable to the bit on CPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from lmgeo.core.errors import LmgeoError, Unfinished
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.build import build_model
from lmgeo.models.handle import ModelHandle
from lmgeo.train import partial as half_done
from lmgeo.train.causal_objective import CausalObjective
from lmgeo.train.checkpoints import checkpoint_steps, keep
from lmgeo.train.clock import Clock
from lmgeo.train.compiling import compiled
from lmgeo.train.masked_objective import MaskedObjective
from lmgeo.train.objective import Objective, Pass, StepBatch
from lmgeo.train.optimization import Diverged, adamw, descend_together, rate_at, torch_stream
from lmgeo.train.team import Team
from lmgeo.train.training_record import PretrainResult, finish, finished, run_key

if TYPE_CHECKING:
    from lmgeo.train.causal_text import CausalText

__all__ = ["PretrainResult", "pretrain"]

Look = Callable[[int, ModelHandle], dict[str, Any] | None]


def pretrain(
    spec: PretrainSpec,
    text: Sequence[str] | CausalText,
    out: Path,
    progress: Progress = silent,
    on_step: Callable[[int, float], None] | None = None,
    on_checkpoint: Look | None = None,
    looks_key: str | None = None,
    device: str = "cpu",
) -> PretrainResult:
    """Train one language model and leave an ordinary checkpoint in `out`.

    Half-done state is kept beside `out` at every checkpoint and once a minute; calling again
    continues it, on CPU to the same bits. Under `torchrun` the processes share each batch.

    Args:
        spec: the run; `minutes` bounds its total time and does not change its result.
        text: of a masked model one sequence each; of a causal model its packed tokens.
        out: must not exist, or hold this same run finished.
        progress: told of steps.
        on_step: called with the steps done and the loss of the last one.
        on_checkpoint: called with the steps done and the model as it stands, to look at and not to keep, at
            every checkpoint of the spec; what it returns becomes one of the result's `looks`. A run killed
            before that step is saved calls again for it.
        looks_key: names what `on_checkpoint` sees; kept with the result, which may have been looked at otherwise.
        device: where to train.

    Raises:
        NotEnoughData: too few texts.
        SpecError: `out` is taken.
        Diverged: the loss is not finite.
        Unfinished: `spec.minutes` have passed; calling again goes on.
    """
    team = Team.gather(device)
    key = run_key(spec, text)
    if (done := finished(out, key)) is not None:
        return done
    # a half-done run that was looked at otherwise cannot be gone on with: its earlier steps are gone
    run = _Run.start(spec, text, out, key if looks_key is None else f"{key}/{looks_key}", team, device)
    team.wait()  # nobody saves before all have loaded
    for batch in run.objective.batches(run.state.step):
        run.look(on_checkpoint)  # before a step: the state is saved with what was seen
        loss = run.advance(batch)
        progress("pre-training", run.state.step, run.objective.steps)
        if on_step:
            on_step(run.state.step, loss)
        run.rest()
    run.look(on_checkpoint)
    run.state.seconds = run.clock.seconds()
    if team.leads:
        finish(spec, key, run.objective, run.handle, run.state, out, looks_key, team.world)
    team.wait()
    return PretrainResult.read(out)


@dataclass
class _Run:
    """A run under way."""

    spec: PretrainSpec
    objective: Objective
    handle: ModelHandle
    trained: nn.Module  # the same module, compiled where that is asked for
    optimizer: torch.optim.Optimizer
    state: half_done.RunState
    clock: Clock
    team: Team
    out: Path
    key: str
    checkpoints: frozenset[int]

    @classmethod
    def start(
        cls, spec: PretrainSpec, text: Sequence[str] | CausalText, out: Path, key: str, team: Team, device: str
    ) -> _Run:
        objective = _objective(spec, text)
        tokenizer = objective.tokenizer
        model = build_model(spec, len(tokenizer), tokenizer.pad_token_id).to(team.own_device(device))
        handle = ModelHandle(model, out.name, lambda: tokenizer)
        optimizer = adamw(model, spec.weight_decay, (spec.beta1, spec.beta2))
        if team.leads:
            half_done.forget_others(out, key)
        team.wait()
        state = half_done.load(out, key, model, optimizer)
        trained = compiled(model, device) if spec.compile else model
        model.train()
        steps = frozenset(checkpoint_steps(spec, objective.steps))
        return cls(spec, objective, handle, trained, optimizer, state, Clock(state.seconds), team, out, key, steps)

    def advance(self, batch: StepBatch) -> float:
        """One update from streams named by the step; returns its loss."""
        spec, step = self.spec, self.state.step
        rate = rate_at(
            step,
            self.objective.steps,
            spec.peak_rate,
            spec.warmup_fraction,
            spec.schedule,
            spec.final_fraction,
            spec.decay_fraction,
        )
        passes = batch.passes(self.team.rank, self.team.world, spec.micro_batch)
        losses = [partial(self._loss, one, batch.guesses) for one in passes]
        drawn = torch_stream(spec.seed, "dropout", str(step), str(self.team.rank)) if spec.dropout else nullcontext()
        with drawn:
            loss = descend_together(
                self.trained,
                self.optimizer,
                losses,
                rate,
                step,
                spec.clip,
                self.team.sum,
                self.team.add_gradients,
            )
        self.state.add(loss, rate, self.objective.steps)
        return loss

    def _loss(self, one: Pass, guesses: int) -> torch.Tensor:
        """One pass's share of the step's mean over all guesses, whoever makes them."""
        narrow = self.spec.precision == "bfloat16"
        with torch.autocast(self.handle.device.type, torch.bfloat16) if narrow else nullcontext():
            return one.loss_sum(self.trained) * (1.0 / guesses)

    def look(self, on_checkpoint: Look | None) -> None:
        """At a checkpoint: look at the model, keep it if asked to, and save where the run stands."""
        step = self.state.step
        seen = any(entry["step"] == step for entry in self.state.looks)
        if step not in self.checkpoints or seen:
            return
        if self.team.leads:
            found = self._seen(on_checkpoint) if on_checkpoint else None
            self.state.looks.append({"step": step, **(found or {})})
            if self.spec.keep_checkpoints:
                keep(self.handle, self.out, step)
        else:
            self.state.looks.append({"step": step})
        self.save()
        self.team.wait()

    def _seen(self, on_checkpoint: Look) -> dict[str, Any] | None:
        """What the look gives; a model that is no longer to be looked at has diverged, whatever the look says."""
        step = self.state.step
        try:
            return on_checkpoint(step, self.handle)
        except LmgeoError as error:
            loss = self.objective.held_out_loss(self.handle.module)
            if math.isfinite(loss):
                raise
            raise Diverged.at("held-out loss", loss, step - 1, self.spec.peak_rate) from error
        finally:
            self.handle.module.train()

    def rest(self) -> None:
        """After a step: save now and then, and stop where the time is over.

        Raises:
            Unfinished: `minutes` have passed.
        """
        limit, steps = self.spec.minutes, self.objective.steps
        over = limit is not None and self.clock.seconds() > 60.0 * limit and self.state.step < steps
        if limit is not None:
            over = self.team.sum(float(over and self.team.leads)) > 0  # all stop at one step
        if over or self.clock.save_is_due():
            self.save()
        if over:
            raise Unfinished(
                f"pre-training passed its limit of {limit:g} minutes at step {self.state.step} of {steps}",
                "raise minutes (the run continues from there), or ask for fewer steps",
            )

    def save(self) -> None:
        """Write where the run stands."""
        if self.team.leads:
            self.state.seconds = self.clock.seconds()
            half_done.save(self.out, self.key, self.state, self.handle.module, self.optimizer)
        self.clock.saved()


def _objective(spec: PretrainSpec, text: Sequence[str] | CausalText) -> Objective:
    return MaskedObjective(spec, text) if isinstance(text, Sequence) else CausalObjective(spec, text)
