"""New models: encoders from a training spec, and untrained twins of checkpoints."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from lmgeo.core.errors import SpecError
from lmgeo.core.seeds import stream_seed
from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.handle import ModelHandle
from lmgeo.models.quiet import quiet

if TYPE_CHECKING:
    from lmgeo.models.weight_files import StoredWeights

_WIDTH_OF_A_HEAD = 32
_BERT_GROWTH = 4.0  # inner width of the MLP over the model's
_GATED_GROWTH = 1.5  # ModernBERT's: half of the inner width is the gate


def build_encoder(spec: PretrainSpec, vocabulary_size: int, pad_id: int, seed: int | None = None) -> Any:
    """A randomly initialised masked language model, in float32; torch's global generator stays untouched.

    `bert`: post-norm, learned positions, GELU; `modernbert`: pre-norm, rotary positions, gated MLP, no biases.

    Args:
        spec: architecture, width, layers, heads, positions, dropout.
        vocabulary_size: V.
        pad_id: the id whose embedding stays zero.
        seed: of the stream `init`; default: the spec's.

    Raises:
        SpecError: a width that the heads cannot share.
    """
    with quiet():
        from transformers import AutoModelForMaskedLM

        config = _CONFIGS[spec.architecture](spec, vocabulary_size, pad_id)
    return seeded_module(config, AutoModelForMaskedLM, spec.seed if seed is None else seed)


def unbuilt_weights(spec: PretrainSpec) -> StoredWeights:
    """Names and shapes of what a training spec will make, as far as they do not hang on its vocabulary."""
    from lmgeo.models.torch_tensors import torch_tensors
    from lmgeo.models.weight_files import StoredWeights

    with quiet(), torch.device("meta"):
        from transformers import AutoModelForMaskedLM

        module = AutoModelForMaskedLM.from_config(_CONFIGS[spec.architecture](spec, spec.vocabulary, 0))
    config = {**module.config.to_dict(), "architectures": [type(module).__name__]}
    return StoredWeights.of(spec.architecture, torch_tensors(dict(module.named_parameters())), config)


def untrained_twin(handle: ModelHandle, seed: int) -> ModelHandle:
    """The same architecture and tokenizer with random weights, in eval mode."""
    with _init_stream(seed), quiet():
        twin = type(handle.module)(copy.deepcopy(handle.module.config)).float()
    if getattr(handle.backbone, "pooler", None) is None and hasattr(handle.backbone, "pooler"):
        twin.base_model.pooler = None
    label = f"{handle.label} (untrained, seed {seed})"
    return ModelHandle(twin, label, lambda: handle.tokenizer)


def seeded_module(config: Any, automatic: Any, seed: int) -> Any:
    """A module of `config`, initialised from the stream `init` of `seed`, float32, in eval mode."""
    with _init_stream(seed), quiet():
        return automatic.from_config(copy.deepcopy(config), dtype=torch.float32).eval()


@contextmanager
def _init_stream(seed: int) -> Iterator[None]:
    """Draws of torch's CPU generator come from the stream `init` inside, and go on as before after."""
    with torch.random.fork_rng(devices=[]):
        # torch.manual_seed would reseed every device
        torch.default_generator.manual_seed(stream_seed(seed, "init"))
        yield


def _bert(spec: PretrainSpec, vocabulary_size: int, pad_id: int) -> Any:
    from transformers import BertConfig

    return BertConfig(
        **_shared(spec, vocabulary_size, pad_id, _BERT_GROWTH),
        hidden_dropout_prob=spec.dropout,
        attention_probs_dropout_prob=spec.dropout,
    )


def _modernbert(spec: PretrainSpec, vocabulary_size: int, pad_id: int) -> Any:
    from transformers import ModernBertConfig

    return ModernBertConfig(
        **_shared(spec, vocabulary_size, pad_id, _GATED_GROWTH),
        embedding_dropout=spec.dropout,
        mlp_dropout=spec.dropout,
        attention_dropout=spec.dropout,
        # the family's defaults are ids of its own, far larger vocabulary
        bos_token_id=None,
        eos_token_id=None,
        cls_token_id=None,
        sep_token_id=None,
    )


_CONFIGS = {"bert": _bert, "modernbert": _modernbert}


def _shared(spec: PretrainSpec, vocabulary_size: int, pad_id: int, growth: float) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary_size,
        "hidden_size": spec.width,
        "num_hidden_layers": spec.layers,
        "num_attention_heads": _heads(spec),
        "intermediate_size": int(spec.width * growth),
        "max_position_embeddings": spec.max_length,
        "pad_token_id": pad_id,
        "initializer_range": _spread(spec.width),
    }


def _spread(width: int) -> float:
    """Standard deviation of the first weights: the families' 0.02 at their width of 768, larger for narrow models.

    At a width of 64, 0.02 leaves the first steps nearly flat: held-out loss 4.53 after 1,200 steps, 4.40 with 0.06.
    """
    return round(0.02 * max(1.0, 768 / width) ** 0.5, 4)


def _heads(spec: PretrainSpec) -> int:
    """As asked; else one per 32 of width, or the next fewer that the width can be shared among."""
    # rotary positions turn pairs of coordinates
    step = 2 if spec.architecture == "modernbert" else 1
    wanted = spec.heads or max(1, spec.width // _WIDTH_OF_A_HEAD)
    fitting = [h for h in range(wanted, 0, -1) if spec.width % (h * step) == 0]
    if not fitting or (spec.heads and fitting[0] != spec.heads):
        raise SpecError(
            f"heads {wanted} do not share width {spec.width}" + (" in pairs" if step == 2 else ""),
            f"give a width that is a multiple of {wanted * step}",
        )
    return fitting[0]
