"""What a finished pre-training run leaves: the checkpoint, and a record of how it went."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.files import folder_in_one_step, write_json
from lmgeo.core.identity import content_key, hash_texts
from lmgeo.core.spec.decisive import decisive
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.models.build import flops_a_token
from lmgeo.models.handle import ModelHandle
from lmgeo.train import partial
from lmgeo.train.checkpoints import bring_kept
from lmgeo.train.objective import Objective
from lmgeo.train.optimization import Diverged
from lmgeo.train.partial import RunState

if TYPE_CHECKING:
    from lmgeo.train.causal_text import CausalText

RECORD = "training.json"


@dataclass(frozen=True)
class PretrainResult:
    """A finished run.

    Attributes:
        path: the checkpoint folder.
        steps: optimizer steps taken.
        losses: log entries: step, mean training loss (nats) since the last entry, learning rate.
        held_out_loss: nats a guess (a masked token, or the next one), on text never trained on.
        unigram_loss: the same for guessing by frequency alone.
        first_loss: of the first training batch, before any update.
        highest_loss: of any training batch.
        tokens: that the model saw; None where steps differ in them.
        flops: of training, by 6 × weights that multiply × tokens and attention's own; None where tokens are.
        looks: what was seen at each checkpoint.
        looks_key: names what was to be seen; None: nothing, or nobody said.
    """

    path: Path
    steps: int
    losses: list[dict[str, float]]
    held_out_loss: float
    unigram_loss: float
    first_loss: float
    highest_loss: float
    tokens: int | None
    flops: float | None
    looks: list[dict[str, Any]] = field(default_factory=list)
    looks_key: str | None = None

    def summary(self) -> dict[str, Any]:
        """What a record keeps of the run, as plain JSON."""
        return {
            "steps": self.steps,
            "tokens": self.tokens,
            "flops": self.flops,
            "train_loss": self.losses[-1]["loss"],
            "held_out_loss": self.held_out_loss,
            "unigram_loss": self.unigram_loss,
            "first_loss": self.first_loss,
            "highest_loss": self.highest_loss,
        }

    @classmethod
    def read(cls, path: Path) -> PretrainResult:
        """From a checkpoint folder's `training.json`."""
        record = json.loads((path / RECORD).read_text())
        return cls(path, **{name: record[name] for name in cls.__dataclass_fields__ if name != "path"})


def run_key(spec: PretrainSpec, text: Sequence[str] | CausalText) -> str:
    """The identity of a run: the settings that decide its weights, and its texts, wherever they lie."""
    texts = hash_texts(list(text)) if isinstance(text, Sequence) else text.key
    return content_key({**decisive(spec), "corpus": None, "texts": texts})


def finish(
    spec: PretrainSpec,
    key: str,
    objective: Objective,
    handle: ModelHandle,
    state: RunState,
    out: Path,
    looks_key: str | None,
    processes: int,
) -> None:
    """Grade the model and leave its checkpoint, with a record of the run, in one step.

    Raises:
        Diverged: the last update left a model whose loss is not finite.
    """
    loss = objective.held_out_loss(handle.module)
    if not math.isfinite(loss):
        raise Diverged.at("held-out loss", loss, state.step - 1, state.losses[-1]["learning_rate"])
    seen = objective.tokens_a_step
    tokens = None if seen is None else seen * state.step
    record = {
        "key": key,
        "spec": spec.resolved(),
        "steps": state.step,
        "losses": state.losses,
        "held_out_loss": loss,
        "unigram_loss": objective.unigram_loss,
        "first_loss": state.first_loss,
        "highest_loss": state.highest_loss,
        "tokens": tokens,
        "flops": None if tokens is None else tokens * flops_a_token(handle.module, spec.max_length),
        "looks": state.looks,
        "looks_key": looks_key,
        "sequences": objective.sequences,
        "optimizer": {"name": "AdamW", "betas": [spec.beta1, spec.beta2], "clip": spec.clip},
        "seconds": round(state.seconds, 1),
        "processes": processes,
        "versions": _versions(),
    }
    with folder_in_one_step(out) as folder:
        handle.save(folder)
        bring_kept(out, folder, [look["step"] for look in state.looks])
        write_json(folder / RECORD, record)
    partial.remove(out)


def _versions() -> dict[str, str]:
    from importlib.metadata import version

    return {name: version(name) for name in ("lmgeo", "torch", "transformers", "tokenizers")}


def finished(out: Path, key: str) -> PretrainResult | None:
    """The result that stands in `out`, if it is this run's; None where nothing is there yet.

    Raises:
        SpecError: something else is there, which is not ours to replace.
    """
    if not out.exists() or (out.is_dir() and not any(out.iterdir())):
        return None
    if _key_in(out / RECORD) != key:
        raise SpecError(f"{out} is already there and holds something else", "give a new folder, or remove this one")
    return PretrainResult.read(out)


def _key_in(record: Path) -> str | None:
    """Whose record a file is; None where it is none."""
    try:
        found = json.loads(record.read_bytes())
    except (OSError, ValueError):
        return None
    return str(found.get("key")) if isinstance(found, dict) else None
