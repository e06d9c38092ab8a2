"""The hook into `transformers.Trainer`: it tells when to look, and takes what is found into the Trainer's log."""

from __future__ import annotations

from typing import Any, Protocol, final

from transformers.trainer_callback import TrainerCallback

_PREFIX = "lmgeo/"


class Watcher(Protocol):
    """What is told of steps."""

    after: int

    def look(self, step: int, loss: Any = None) -> Any:
        """Look at the model now; a mapping with `values` by name."""


@final
class LookCallback(TrainerCallback):
    """Looks every so many steps, or at each evaluation.

    Args:
        trainer: gets the values by its `log`, which reaches every tracker; callbacks that are called
            after the trackers' own cannot.
        monitor: takes the looks.
        every: steps between looks; None: at each evaluation.
        settle: whether to set the monitor's `after` to a tenth of the run.
    """

    def __init__(self, trainer: Any, monitor: Watcher, every: int | None, settle: bool) -> None:
        self.trainer, self.monitor, self.every = trainer, monitor, every
        self._settle = settle
        self._losses: list[float] = []  # logged since the last look
        self._due = False
        self._last = -1

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Ranks fall while training begins."""
        if self._settle:
            self.monitor.after = state.max_steps // 10

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Look if a look is due by steps; where the step's loss is to be logged, after that."""
        self._due = self.every is not None and state.global_step % self.every == 0
        if self._due and not control.should_log:
            self._look(state, control, self._mean())

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **rest: Any) -> None:
        """Note the training loss, and take the look that waited for it."""
        if not logs or "loss" not in logs:
            return
        self._losses.append(float(logs["loss"]))
        if self._due:
            self._look(state, control, self._mean())

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Any = None, **rest: Any) -> None:
        """Look if looks are taken at evaluations."""
        if self.every is None:
            self._look(state, control, (metrics or {}).get("eval_loss"))

    def _mean(self) -> float | None:
        losses, self._losses = self._losses, []
        return sum(losses) / len(losses) if losses else None

    def _look(self, state: Any, control: Any, loss: float | None) -> None:
        self._due = False
        if not state.is_world_process_zero or state.global_step <= self._last:
            return  # evaluated twice at one step
        self._last = state.global_step
        values = self.monitor.look(state.global_step, loss)["values"]
        to_log = control.should_log  # logging takes it back, and the Trainer's own log of this step would be lost
        self.trainer.log({f"{_PREFIX}{name}": value for name, value in values.items() if value is not None})
        control.should_log = to_log
