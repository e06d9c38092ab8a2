"""Geometry watched inside a training of one's own: a plain object, and a callback for `transformers.Trainer`."""

from __future__ import annotations

import csv
import io
import math
import time
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypedDict, final

from lmgeo.api.measuring import as_list
from lmgeo.api.monitor_alarms import LOSS, Alarms
from lmgeo.api.monitor_sight import Sight, texts_for
from lmgeo.core.errors import SpecError

MEASURES = ("effective_rank", "effective_rank_pct", "mean_cosine", "isoscore", "partition_isotropy")


class GeometryWarning(UserWarning):
    """What a monitor warns of: a late rise of the loss, a rank collapse, NaN."""


class Look(TypedDict):
    """What one look found; `values` by column, None where there is none, and nothing of a step that is not due."""

    step: int
    values: dict[str, float | None]
    warnings: list[str]
    seconds: float


@final
class Monitor:
    """Measures a model while it is trained, remembers the course, and warns.

    The model is looked at where it stands: no copy, no dropout, no gradient, no draw from any
    generator; each of its parts is left in the mode it was in.

    Args:
        model: a `transformers` module (wrapped by DDP or `torch.compile` or not), or a `ModelHandle`.
        tokenizer: the one that the model is trained with; not needed without sites.
        corpus: where the texts come from, as of `measure_model`.
        texts: these texts in place of a corpus.
        sequences: how many are drawn, or taken of `texts`.
        measures: names or globs; each object gets those defined for it.
        weights: matrices: `unembedding`, `embedding` or parameters' names; one that is not there is left out.
        sites: where hidden states are taken; none: no pass is made.
        tokens: policies; `all` gives objects named as the site (`final`), others `final.<policy>`.
        every: steps between looks; calls between them only note the loss.
        name: of the run, in the table.
        seed: of the draw of texts, and of measures that sample.
        rise: the least rise of the loss that is warned of, as a share of its best.
        collapse: the least fall of a rank that is warned of, as a share of its best.
        after: step from which ranks are watched; best past the warm-up, in which they fall from those of
            random weights.

    Attributes:
        seconds: what all looks have cost so far.
        warnings: all that was warned of, in order.

    Raises:
        SpecError, UnknownName, NotEnoughData: anything named that is not there or cannot be read.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Any = None,
        *,
        corpus: str = "pydocs",
        texts: str | Sequence[str] | None = None,
        sequences: int = 64,
        measures: str | Sequence[str] = MEASURES,
        weights: str | Sequence[str] = ("unembedding",),
        sites: str | Sequence[str] = ("final",),
        tokens: str | Sequence[str] = ("last", "all"),
        every: int = 1,
        name: str = "run",
        seed: int = 0,
        rise: float = 0.01,
        collapse: float = 0.2,
        after: int = 0,
    ) -> None:
        from lmgeo.models.live import live_handle

        if every < 1:
            raise SpecError(f"every = {every}", "give 1 step or more between looks")
        if not 0 <= rise < math.inf or not 0 < collapse < 1:
            raise SpecError(
                f"rise = {rise}, collapse = {collapse}", "give shares: rise from 0 up, collapse within 0 to 1"
            )
        self.every, self.after, self.name = every, after, name
        self.seconds = 0.0
        self.warnings: list[str] = []
        given = None if texts is None else as_list(texts)
        drawn = texts_for(corpus, given, sequences, seed) if sites else []
        self._sight = Sight(
            live_handle(model, tokenizer), drawn, as_list(sites), as_list(tokens), as_list(measures), as_list(weights),
            seed,
        )  # fmt: skip
        self._sight.check()
        self._rows: list[dict[str, Any]] = []
        self._losses: list[Any] = []
        self._alarms = Alarms(rise, collapse)

    def look(self, step: int, loss: Any = None) -> Look:
        """Measure the model now, at every `every`th step.

        Args:
            step: of the training, greater at each call.
            loss: a number or a tensor of one; the look gets the mean of those since the last one.

        Returns:
            The values by column, the warnings that are new, and what it cost.

        Raises:
            SpecError: a step that is not after the last look's.
        """
        if loss is not None:
            self._losses.append(loss.detach() if hasattr(loss, "detach") else loss)
        if step % self.every:
            return Look(step=step, values={}, warnings=[], seconds=0.0)
        if self._rows and step <= self._rows[-1]["step"]:
            raise SpecError(f"a look at step {step} after one at step {self._rows[-1]['step']}", "give growing steps")
        start = time.perf_counter()
        values, faults = self._sight.values()
        values = {**self._loss(faults), **values}
        self._rows.append({"model": f"{self.name}@step{step}", "step": step, **values})
        found = self._alarms.new(self._rows, faults, self.after)
        seconds = time.perf_counter() - start
        self.seconds += seconds
        self.warnings += found
        for text in found:
            warnings.warn(text, GeometryWarning, stacklevel=2)
        return Look(step=step, values=values, warnings=found, seconds=seconds)

    def table(self) -> list[dict[str, Any]]:
        """One row a look, as `lmgeo analyze` and `lmgeo report` read it; None where there is no value."""
        columns = dict.fromkeys(column for row in self._rows for column in row)
        return [{column: row.get(column) for column in columns} for row in self._rows]

    def write(self, path: str | Path) -> Path:
        """Write the table as CSV, in one step; an empty cell has no value.

        Raises:
            SpecError: not a `.csv` name, or no look was taken.
        """
        from lmgeo.core.files import write_text

        target = Path(path)
        if target.suffix.lower() != ".csv":
            raise SpecError(f"{target} is no .csv", "name a file that ends in .csv")
        rows = self.table()
        if not rows:
            raise SpecError("no look was taken, so there is no table", "call look(step, loss) in the training loop")
        text = io.StringIO()
        writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_text(target, text.getvalue())
        return target

    def _loss(self, faults: list[str]) -> dict[str, float | None]:
        """The mean of the losses since the last look; nothing where none was given. Not finite is a fault."""
        if not self._losses:
            return {}
        mean = sum(float(loss) for loss in self._losses) / len(self._losses)
        self._losses.clear()
        if not math.isfinite(mean):
            faults.append("the loss is not finite")
            return {LOSS: None}
        return {LOSS: mean}


def callback(trainer: Any, *, every: int | None = None, after: int | None = None, **settings: Any) -> Any:
    """A `transformers.TrainerCallback` that looks at the model of a `Trainer` and logs what it finds.

    Values go into the Trainer's own log under `lmgeo/<column>`, and so to whatever tracker it
    reports to. Use it as `trainer.add_callback(lmgeo.callback(trainer, every=100))`.

    Args:
        trainer: whose model, tokenizer (`processing_class`) and log are used.
        every: steps between looks, which get the mean of the training losses logged since the last one;
            None: at each evaluation, with its loss.
        after: as of `Monitor`; default: a tenth of the run.
        **settings: of `Monitor`.

    Returns:
        The callback; its `monitor` is the `Monitor`. Only the first process looks.

    Raises:
        as `Monitor`.
    """
    from lmgeo.models.trainer_callback import LookCallback

    if every is not None and every < 1:
        raise SpecError(f"every = {every}", "give 1 step or more between looks, or None for each evaluation")
    settings = {"tokenizer": getattr(trainer, "processing_class", None), **settings}
    return LookCallback(trainer, Monitor(trainer.model, after=after or 0, **settings), every, after is None)
