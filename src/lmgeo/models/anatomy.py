"""Where a transformer's parts are: its blocks and its final norm, by family or by structure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from lmgeo.core.errors import SpecError

# model_type → (path of the blocks, path of the final norm), both from the headless model
_BERT = ("encoder.layer", None)
_LLAMA = ("layers", "norm")
_GPT2 = ("h", "ln_f")
FAMILIES: dict[str, tuple[str, str | None]] = {
    "bert": _BERT,
    "roberta": _BERT,
    "xlm-roberta": _BERT,
    "camembert": _BERT,
    "electra": _BERT,
    "deberta": _BERT,
    "deberta-v2": _BERT,
    "mpnet": _BERT,
    "distilbert": ("transformer.layer", None),
    "albert": ("encoder.albert_layer_groups", None),
    "modernbert": ("layers", "final_norm"),
    "gpt2": _GPT2,
    "gpt_neo": _GPT2,
    "gptj": _GPT2,
    "bloom": _GPT2,
    "gpt_neox": ("layers", "final_layer_norm"),
    "opt": ("decoder.layers", "decoder.final_layer_norm"),
    "phi": ("layers", "final_layernorm"),
    "llama": _LLAMA,
    "mistral": _LLAMA,
    "mixtral": _LLAMA,
    "qwen2": _LLAMA,
    "qwen3": _LLAMA,
    "gemma": _LLAMA,
    "gemma2": _LLAMA,
    "olmo": _LLAMA,
    "olmo2": _LLAMA,
    "olmo3": _LLAMA,
    "stablelm": _LLAMA,
}
_SHARED_BLOCKS = frozenset({"albert"})  # fewer block modules than blocks: each is called several times


@dataclass(frozen=True)
class Anatomy:
    """The parts of a headless model that sites are taken at.

    Attributes:
        backbone: embeddings, blocks and final norm, without a head.
        blocks: the block modules, in order; each called once a pass, unless blocks share weights.
        depth: how many blocks a pass goes through.
        final_norm: the norm after the last block; None where the family has none.
    """

    backbone: nn.Module
    blocks: tuple[nn.Module, ...]
    depth: int
    final_norm: nn.Module | None

    @property
    def sites(self) -> tuple[str, ...]:
        """Every site, from the first to the last."""
        blocks = (f"block.{i}" for i in range(self.depth))
        before_norm = () if self.final_norm is None else ("final_prenorm",)
        return ("embeddings", *blocks, *before_norm, "final")


def backbone_of(module: nn.Module) -> nn.Module:
    """The model without its head; itself if it has none."""
    base = getattr(module, "base_model", module)
    return base if isinstance(base, nn.Module) else module


def known_anatomy(module: Any) -> Anatomy | None:
    """The anatomy by the table of families; None for a family that is not in it."""
    config = module.config
    if config.model_type not in FAMILIES:
        return None
    blocks_path, norm_path = FAMILIES[config.model_type]
    backbone = backbone_of(module)
    blocks, norm = _at(backbone, blocks_path), _at(backbone, norm_path)
    if not isinstance(blocks, nn.ModuleList):
        return None
    depth = config.num_hidden_layers if config.model_type in _SHARED_BLOCKS else len(blocks)
    return Anatomy(backbone, tuple(blocks), depth, norm)


def guessed_anatomies(module: nn.Module) -> Iterator[Anatomy]:
    """Anatomies by structure, likeliest first: the longest list of blocks, each norm beside it, or none.

    Raises:
        SpecError: no list of blocks.
    """
    backbone = backbone_of(module)
    lists = [(name, m) for name, m in backbone.named_modules() if isinstance(m, nn.ModuleList) and len(m)]
    if not lists:
        raise SpecError(
            f"no blocks found in a {type(module).__name__}", "give a transformer encoder or decoder of another family"
        )
    name, blocks = max(lists, key=lambda item: len(item[1]))
    parent = backbone.get_submodule(name.rpartition(".")[0])
    beside = {id(m): (n, m) for root in (backbone, parent) for n, m in root.named_children() if is_norm(n, m)}
    # declared last is likeliest to come last; one named after the embeddings rarely does
    norms = [norm for name, norm in reversed(beside.values()) if "emb" not in name]
    others = [norm for name, norm in beside.values() if "emb" in name]
    for norm in (*norms, None, *others):
        yield Anatomy(backbone, tuple(blocks), len(blocks), norm)


def is_norm(name: str, module: nn.Module) -> bool:
    """Whether a module normalises, by its class or by what the family calls it."""
    return "norm" in type(module).__name__.lower() or "norm" in name.lower() or name.startswith("ln_")


def _at(root: nn.Module, path: str | None) -> nn.Module | None:
    for part in path.split(".") if path else ():
        found = getattr(root, part, None)
        if not isinstance(found, nn.Module):
            return None
        root = found
    return root if path else None
