"""Configurations of the architectures that are trained here: all of them transformers' own.

| name | blocks | norm | MLP | positions |
|---|---|---|---|---|
| `bert` | sequential, norms after | LayerNorm | GELU | learned |
| `modernbert` | sequential | LayerNorm | gated GELU, no biases | rotary |
| `olmo2` | sequential, norms on what is added and on queries and keys | RMSNorm | gated SiLU, no biases | rotary |
| `stablelm` | sequential, or parallel: both sublayers read one norm | LayerNorm | gated SiLU, no biases | rotary |
| `gpt_neox` | parallel as in Pythia, or sequential: the same parameters | LayerNorm | GELU | rotary |

Nothing in transformers has OLMo2's blocks in parallel; `stablelm` has its parts but for the norm: a LayerNorm is
an RMSNorm of what is left of a state without its mean.
"""

from __future__ import annotations

from typing import Any

from lmgeo.core.spec.pretrain import PretrainSpec

# inner width of the MLP over the model's; a gated MLP has three matrices, so 8/3 gives it as many parameters as 4
_PLAIN, _GATED, _MODERNBERT = 4.0, 8 / 3, 1.5
_ROPE_BASE = 10_000.0
_INNER_STEP = 8  # gated inner widths are multiples of it


def configuration(spec: PretrainSpec, vocabulary_size: int, special_id: int) -> Any:
    """The transformers configuration of a spec."""
    return _CONFIGS[spec.architecture](spec, vocabulary_size, special_id)


def _bert(spec: PretrainSpec, vocabulary_size: int, pad_id: int) -> Any:
    from transformers import BertConfig

    return BertConfig(
        **_shared(spec, vocabulary_size, int(spec.width * _PLAIN)),
        pad_token_id=pad_id,
        hidden_dropout_prob=spec.dropout,
        attention_probs_dropout_prob=spec.dropout,
    )


def _modernbert(spec: PretrainSpec, vocabulary_size: int, pad_id: int) -> Any:
    from transformers import ModernBertConfig

    return ModernBertConfig(
        **_shared(spec, vocabulary_size, int(spec.width * _MODERNBERT)),
        pad_token_id=pad_id,
        embedding_dropout=spec.dropout,
        mlp_dropout=spec.dropout,
        attention_dropout=spec.dropout,
        # the family's defaults are ids of its own, far larger vocabulary
        bos_token_id=None,
        eos_token_id=None,
        cls_token_id=None,
        sep_token_id=None,
    )


def _olmo2(spec: PretrainSpec, vocabulary_size: int, separator_id: int) -> Any:
    from transformers import Olmo2Config

    return Olmo2Config(**_causal(spec, vocabulary_size, separator_id, _gated(spec)), attention_dropout=spec.dropout)


def _stablelm(spec: PretrainSpec, vocabulary_size: int, separator_id: int) -> Any:
    from transformers import StableLmConfig

    return StableLmConfig(
        **_causal(spec, vocabulary_size, separator_id, _gated(spec)),
        num_key_value_heads=spec.head_count,
        use_parallel_residual=spec.in_parallel,
        attention_dropout=spec.dropout,
        hidden_dropout=spec.dropout,
    )


def _gpt_neox(spec: PretrainSpec, vocabulary_size: int, separator_id: int) -> Any:
    from transformers import GPTNeoXConfig

    return GPTNeoXConfig(
        **_causal(spec, vocabulary_size, separator_id, int(spec.width * _PLAIN)),
        use_parallel_residual=spec.in_parallel,
        attention_dropout=spec.dropout,
        hidden_dropout=spec.dropout,
    )


_CONFIGS = {
    "bert": _bert,
    "modernbert": _modernbert,
    "olmo2": _olmo2,
    "stablelm": _stablelm,
    "gpt_neox": _gpt_neox,
}


def _causal(spec: PretrainSpec, vocabulary_size: int, separator_id: int, inner: int) -> dict[str, Any]:
    return {
        **_shared(spec, vocabulary_size, inner),
        "bos_token_id": separator_id,
        "eos_token_id": separator_id,
        "pad_token_id": None,  # a padding id's embedding would be held at zero, and the separator is no padding
        "tie_word_embeddings": spec.tied,
        # all of a head turns: a quarter of it, as two of the families have it, is no whole pair in a narrow head
        "rope_parameters": {"rope_type": "default", "rope_theta": _ROPE_BASE, "partial_rotary_factor": 1.0},
    }


def _shared(spec: PretrainSpec, vocabulary_size: int, inner: int) -> dict[str, Any]:
    return {
        "vocab_size": vocabulary_size,
        "hidden_size": spec.width,
        "num_hidden_layers": spec.layers,
        "num_attention_heads": spec.head_count,
        "intermediate_size": inner,
        "max_position_embeddings": spec.max_length,
        "initializer_range": _spread(spec.width),
    }


def _gated(spec: PretrainSpec) -> int:
    return max(1, round(spec.width * _GATED / _INNER_STEP)) * _INNER_STEP


def _spread(width: int) -> float:
    """Standard deviation of the first weights: the families' 0.02 at their width of 768, larger for narrow models.

    At a width of 64, 0.02 leaves the first steps nearly flat: held-out loss 4.53 after 1,200 steps, 4.40 with 0.06.
    """
    return round(0.02 * max(1.0, 768 / width) ** 0.5, 4)
