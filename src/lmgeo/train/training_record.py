"""What a finished pre-training run leaves: the checkpoint, and a record of how it went."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.core.files import folder_in_one_step, write_json
from lmgeo.core.identity import content_key, hash_texts
from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.handle import ModelHandle
from lmgeo.train import partial
from lmgeo.train.held_out import held_out_loss, unigram_loss
from lmgeo.train.optimization import MAX_GRADIENT_NORM, Decay
from lmgeo.train.partial import RunState
from lmgeo.train.texts import TrainingText

BETAS = (0.9, 0.98)
DECAY: Decay = "linear"
RECORD = "training.json"


@dataclass(frozen=True)
class PretrainResult:
    """A finished run.

    Attributes:
        path: the checkpoint folder.
        steps: optimizer steps taken.
        losses: log entries: step, mean training loss (nats) since the last entry, learning rate.
        held_out_loss: nats a masked token, on sentences never trained on.
        unigram_loss: the same for guessing by frequency alone.
    """

    path: Path
    steps: int
    losses: list[dict[str, float]]
    held_out_loss: float
    unigram_loss: float

    def summary(self) -> dict[str, Any]:
        """What a record keeps of the run, as plain JSON."""
        return {
            "steps": self.steps,
            "train_loss": self.losses[-1]["loss"],
            "held_out_loss": self.held_out_loss,
            "unigram_loss": self.unigram_loss,
        }


def run_key(spec: PretrainSpec, texts: Sequence[str]) -> str:
    """The identity of a run: its settings without the time limit, and its texts."""
    return content_key({**spec.resolved(), "minutes": None, "texts": hash_texts(list(texts))})


def finish(
    spec: PretrainSpec, key: str, text: TrainingText, handle: ModelHandle, state: RunState, out: Path
) -> PretrainResult:
    """Grade the model and leave its checkpoint, with a record of the run, in one step."""
    held_out = held_out_loss(handle.module, text, spec.mask_fraction)
    unigram = unigram_loss(text, spec.mask_fraction)
    record = {
        "key": key,
        "spec": spec.resolved(),
        "steps": state.step,
        "losses": state.losses,
        "held_out_loss": held_out,
        "unigram_loss": unigram,
        "sequences": {"train": len(text.train), "held_out": len(text.held_out)},
        "optimizer": {"name": "AdamW", "betas": BETAS, "decay": DECAY, "clip": MAX_GRADIENT_NORM},
        "seconds": round(state.seconds, 1),
        "versions": _versions(),
    }
    with folder_in_one_step(out) as folder:
        handle.save(folder)
        write_json(folder / RECORD, record)
    partial.remove(out)
    return PretrainResult(out, state.step, state.losses, held_out, unigram)


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
    record = json.loads((out / RECORD).read_text()) if (out / RECORD).is_file() else {}
    if record.get("key") != key:
        raise SpecError(f"{out} is already there and holds something else", "give a new folder, or remove this one")
    return PretrainResult(out, record["steps"], record["losses"], record["held_out_loss"], record["unigram_loss"])
