"""What is looked at along a model's training: geometry and held-out loss at every checkpoint."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import LmgeoError, NotEnoughData, SpecError, UnknownName
from lmgeo.core.identity import content_key
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.core.spec.trajectory import TrajectorySpec
from lmgeo.data.document_split import LEAST_CHARACTERS, lines_of
from lmgeo.train.optimization import Diverged

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle
    from lmgeo.train.causal_text import CausalText

TRAJECTORY_VERSION = 1


def check_trajectory(spec: TrajectorySpec, trainings: Sequence[PretrainSpec], asked: bool) -> None:
    """Refuse now what would fail every training at its first checkpoint, or leave a column out of every one.

    Args:
        spec: what is to be looked at.
        trainings: of the study.
        asked: whether the study says so itself.

    Raises:
        SpecError: it does, and no training has checkpoints.
        UnknownName: a site, measure, matrix or corpus that is not there.
    """
    followed = [training for training in trainings if training.log_checkpoints or training.even_checkpoints]
    if asked and not followed:
        raise SpecError(
            "no model of this study has checkpoints along its training",
            "give a pretrain block or a suite's base log_checkpoints: true or even_checkpoints: 8",
        )
    for training in {content_key(t.resolved()): t for t in followed}.values():
        _check_objects(spec, training)
    if followed:
        trajectory_identity(spec, followed[0])
        _check_something(spec)


def _check_something(spec: TrajectorySpec) -> None:
    """Refuse measures that are defined for nothing that is looked at."""
    from lmgeo.measures.declare import MEASURES

    declared = [MEASURES[name] for name in MEASURES.select(spec.measures)]
    of_clouds = bool(spec.sites and spec.tokens) and any(measure.cloud for measure in declared)
    of_matrices = bool(spec.weights) and any(measure.matrix for measure in declared)
    if not (of_clouds or of_matrices):
        raise SpecError(
            f"nothing to look at: sites {spec.sites}, weights {spec.weights}, measures {', '.join(spec.measures)}",
            "name sites or weights under trajectory, with measures that are defined for them",
        )


def _check_objects(spec: TrajectorySpec, training: PretrainSpec) -> None:
    from lmgeo.models.build import unbuilt_weights
    from lmgeo.models.stored_head import EMBEDDING, UNEMBEDDING
    from lmgeo.study.wanted import wanted_sites

    wanted_sites(spec.sites, training.layers, "sites")
    if set(spec.weights) <= {EMBEDDING, UNEMBEDDING}:
        return
    known = [EMBEDDING, UNEMBEDDING, *unbuilt_weights(training).tensors]
    for name in spec.weights:
        if name not in known:
            raise UnknownName.among("matrix", name, known, "weights")


def trajectory_identity(spec: TrajectorySpec, training: PretrainSpec) -> dict[str, Any]:
    """What makes a trajectory: which checkpoints, which text, which measures.

    Raises:
        SpecError, UnknownName: a corpus or a measure that is not there.
    """
    from lmgeo.data.corpora import corpus_identity
    from lmgeo.measures.declare import MEASURES
    from lmgeo.study.wanted import measure_identity

    names = MEASURES.select(spec.measures)
    return {
        **{k: v for k, v in spec.resolved().items() if k not in ("corpus", "measures")},
        "text": "held_out" if spec.corpus is None else corpus_identity(spec.corpus),
        "checkpoints": [training.log_checkpoints, training.even_checkpoints],
        "measures": [measure_identity(name, "default", spec.seed) for name in names],
        "version": TRAJECTORY_VERSION,
    }


def trajectory_key(model: str, identity: dict[str, Any]) -> str:
    """The key of what was seen along the training of the model under that key."""
    return content_key({"model": model, "trajectory": identity})


def looker(
    spec: TrajectorySpec, training: PretrainSpec, text: Sequence[str] | CausalText
) -> Callable[[int, ModelHandle], dict[str, Any]]:
    """What `pretrain` calls at every checkpoint; it draws nothing from torch's generators.

    Returns:
        The function: steps done and the model as it stands → `tokens`, `loss` and `bits_per_byte` on the held-out
        text (None for a masked model), `objects` (object → measure → measurement), and the `seconds` that
        geometry and loss took. It raises Diverged where the model gives no numbers any more.
    """
    from lmgeo.study.live import measure_live

    sample = _sample(spec, training, text)

    def look(step: int, handle: ModelHandle) -> dict[str, Any]:
        try:
            return seen(step, handle)
        except LmgeoError as error:
            if _outputs_are_finite(handle, sample):
                raise
            raise Diverged(f"training diverged: after step {step}, {error.what}", Diverged.MEND) from error

    def seen(step: int, handle: ModelHandle) -> dict[str, Any]:
        began = time.perf_counter()
        found = measure_live(
            handle, sample, spec.sites, [str(p) for p in spec.tokens], spec.measures, spec.weights, spec.seed
        )
        measured = time.perf_counter()
        losses = {"loss": None, "bits_per_byte": None} if isinstance(text, Sequence) else _losses(handle, text, spec)
        seconds = {"geometry": measured - began, "loss": time.perf_counter() - measured}
        return {
            "tokens": None if training.masked else step * training.batch_size * training.max_length,
            **losses,
            "objects": {o: {name: m.to_json() for name, m in own.items()} for o, own in found.items()},
            "seconds": {name: round(value, 4) for name, value in seconds.items()},
        }

    return look


def _outputs_are_finite(handle: ModelHandle, texts: Sequence[str]) -> bool:
    """Whether every logit of the texts is a number."""
    import torch

    every = (torch.from_numpy(tokens.ids)[None].long() for tokens in handle.encode(list(texts)))
    return all(bool(torch.isfinite(handle.logits(ids, torch.ones_like(ids))).all()) for ids in every)


def _losses(handle: ModelHandle, text: CausalText, spec: TrajectorySpec) -> dict[str, Any]:
    from lmgeo.train.language_loss import language_loss

    found = language_loss(handle, text.held_out_documents, most_tokens=spec.loss_tokens)
    return {"loss": found.nats_per_token, "bits_per_byte": found.bits_per_byte}


def _sample(spec: TrajectorySpec, training: PretrainSpec, text: Sequence[str] | CausalText) -> list[str]:
    """The sequences whose hidden states are measured: the same at every checkpoint."""
    if spec.corpus is not None or isinstance(text, Sequence):
        from lmgeo.data.corpora import open_corpus
        from lmgeo.data.sampling import sample_sequences

        return sample_sequences(open_corpus(spec.corpus or training.corpus), spec.sequences, spec.seed).texts
    kept = lines_of(text.held_out_documents)
    if not kept:
        raise NotEnoughData(
            f"no held-out line has {LEAST_CHARACTERS} characters", "name a corpus under trajectory, or a longer one"
        )
    order = numpy_stream(spec.seed, "trajectory").permutation(len(kept))
    return [kept[i] for i in order[: spec.sequences]]
