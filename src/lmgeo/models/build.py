"""New models: from a training spec, and untrained twins of checkpoints."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import torch

from lmgeo.core.seeds import stream_seed
from lmgeo.core.spec.model import PretrainSpec
from lmgeo.models.architectures import configuration
from lmgeo.models.classes import has_masked_head
from lmgeo.models.handle import ModelHandle
from lmgeo.models.quiet import quiet

if TYPE_CHECKING:
    from lmgeo.models.weight_files import StoredWeights


def build_model(spec: PretrainSpec, vocabulary_size: int, special_id: int, seed: int | None = None) -> Any:
    """A randomly initialised language model, in float32; torch's global generator stays untouched.

    Args:
        spec: architecture, width, layers, heads, positions, dropout.
        vocabulary_size: V.
        special_id: what pads; of a causal model it is what separates documents too.
        seed: of the stream `init`; default: the spec's.

    Raises:
        SpecError: a width that the heads cannot share.
    """
    with quiet():
        config, automatic = configuration(spec, vocabulary_size, special_id), _automatic(spec)
    return seeded_module(config, automatic, spec.seed if seed is None else seed)


def unbuilt_weights(spec: PretrainSpec) -> StoredWeights:
    """Names and shapes of what a training spec will make, as far as they do not hang on its vocabulary."""
    from lmgeo.models.torch_tensors import torch_tensors
    from lmgeo.models.weight_files import StoredWeights

    module = _unbuilt(spec)
    config = {**module.config.to_dict(), "architectures": [type(module).__name__]}
    return StoredWeights.of(spec.architecture, torch_tensors(dict(module.named_parameters())), config)


def run_facts(spec: PretrainSpec) -> dict[str, Any]:
    """What a run's spec says of its cost before it is run.

    Returns:
        `parameters` of the model, `body_parameters` without both embedding matrices, and `flops` of the whole run
        (None for masked models, whose sequences differ in length). A tied matrix counts once; a tokenizer that
        finds fewer pieces than asked for makes fewer of each.
    """
    shape = spec.model_dump(include=_SHAPE)
    facts = _shape_facts(tuple(shape.items()))
    tokens = spec.planned_tokens
    return {**facts, "flops": None if tokens is None else tokens * facts["flops"]}


_SHAPE = {"architecture", "width", "layers", "heads", "tied", "parallel", "vocabulary", "max_length"}


@lru_cache(maxsize=256)  # a suite has a few shapes and many runs of each
def _shape_facts(shape: tuple[tuple[str, Any], ...]) -> dict[str, Any]:
    """Parameters, and operations of training on one token."""
    spec = PretrainSpec(**dict(shape))
    module = _unbuilt(spec)
    every = sum(p.numel() for p in module.parameters())
    return {
        "parameters": every,
        "body_parameters": body_parameters(module),
        "flops": flops_a_token(module, spec.max_length),
    }


def body_parameters(module: Any) -> int:
    """Parameters of a model without its embedding and unembedding matrices."""
    ends = {id(e.weight): e.weight.numel() for e in (module.get_input_embeddings(), module.get_output_embeddings())}
    return sum(p.numel() for p in module.parameters()) - sum(ends.values())


def _unbuilt(spec: PretrainSpec) -> Any:
    with quiet(), torch.device("meta"):
        return _automatic(spec).from_config(configuration(spec, spec.vocabulary, 0))


def _automatic(spec: PretrainSpec) -> Any:
    from transformers import AutoModelForCausalLM, AutoModelForMaskedLM

    return AutoModelForMaskedLM if spec.masked else AutoModelForCausalLM


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


def flops_a_token(module: Any, length: int) -> float:
    """Floating-point operations of training on one token: forward and backward, a product and a sum counted each.

    6 for every weight that multiplies (the body's, and the unembedding even where it is tied), and 6·L·d·T for a
    causal attention over T tokens, 12·L·d·T for one that sees both ways (Kaplan et al. 2020, Chowdhery et al. 2022).
    """
    config = module.config
    both_ways = 2 if has_masked_head(config) else 1
    attention = 6 * both_ways * config.num_hidden_layers * config.hidden_size * length
    return float(6 * (body_parameters(module) + module.get_output_embeddings().weight.numel()) + attention)
