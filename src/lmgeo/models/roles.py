"""What each parameter is for, by where it sits and, inside a block, by what the family calls it."""

from __future__ import annotations

from torch import nn

from lmgeo.core.weights import Role
from lmgeo.models.anatomy import Anatomy, is_norm

_MIXING = ("attn", "attention", "mixer")  # mixing over the sequence, also where it is no attention


def roles_of(module: nn.Module, anatomy: Anatomy) -> dict[str, tuple[Role, int | None]]:
    """Role and block of every parameter, by its name in `module`; tied parameters stand once.

    Inside a block: NORM, ATTENTION (also other sequence mixing) or MLP. Outside: POOLER, HEAD (all that
    is not in the backbone), NORM for the final norm, else EMBEDDING, the embeddings' own norm included.
    """
    in_blocks = {
        id(parameter): (_role_in_block(name, block), i)
        for i, block in enumerate(anatomy.blocks)
        for name, parameter in block.named_parameters()
    }
    in_backbone = {
        id(parameter): (_role_in_backbone(name, anatomy.backbone), None)
        for name, parameter in anatomy.backbone.named_parameters()
    }
    norm = () if anatomy.final_norm is None else anatomy.final_norm.parameters()
    in_norm = {id(parameter): (Role.NORM, None) for parameter in norm}
    known: dict[int, tuple[Role, int | None]] = {**in_backbone, **in_blocks, **in_norm}
    outside = {name: Role.POOLER if "pooler" in name else Role.HEAD for name, _ in module.named_parameters()}
    return {name: known.get(id(p), (outside[name], None)) for name, p in module.named_parameters()}


def is_bias(name: str) -> bool:
    """Whether a parameter is an additive bias; a norm's gain is not."""
    return name.rpartition(".")[2].endswith("bias")


def input_axis(name: str, module: nn.Module) -> int | None:
    """The axis of the inputs of a linear layer's matrix; None for any other parameter.

    1 for torch's own layer (out, in), 0 for the transposed one of the GPT-2 family (in, out).
    """
    owner, _, last = name.rpartition(".")
    layer = module.get_submodule(owner)
    if last != "weight":
        return None
    if isinstance(layer, nn.Linear):
        return 1
    return 0 if type(layer).__name__ == "Conv1D" else None


def _role_in_block(name: str, block: nn.Module) -> Role:
    if _in_norm(name, block):
        return Role.NORM
    return Role.ATTENTION if any(part in name.lower() for part in _MIXING) else Role.MLP


def _role_in_backbone(name: str, backbone: nn.Module) -> Role:
    if "pooler" in name:
        return Role.POOLER
    return Role.NORM if _in_norm(name, backbone) and "emb" not in name else Role.EMBEDDING


def _in_norm(name: str, root: nn.Module) -> bool:
    owner = name.rpartition(".")[0]
    return is_norm(owner.rpartition(".")[2], root.get_submodule(owner))
