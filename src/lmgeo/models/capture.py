"""Hidden states at named sites, taken by forward hooks during one pass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from lmgeo.models.anatomy import Anatomy


@contextmanager
def captured(anatomy: Anatomy, sites: Sequence[str]) -> Iterator[dict[str, Tensor]]:
    """Collect hidden states, each (B, T, d), of the pass made inside the block; only those of `sites`.

    `output_hidden_states` is not used: whether its last entry is before or after the final norm differs from
    family to family (https://github.com/huggingface/transformers/issues/26142).
    """
    catch = _Catch(anatomy, frozenset(sites))
    hooks = catch.register()
    try:
        yield catch.states
    finally:
        for hook in hooks:
            hook.remove()


class _Catch:
    """The hooks of one pass and what they caught."""

    def __init__(self, anatomy: Anatomy, sites: frozenset[str]) -> None:
        self.states: dict[str, Tensor] = {}
        self.calls = 0  # counted, for block modules that are called several times
        self._anatomy = anatomy
        self._sites = sites

    def register(self) -> list[Any]:
        anatomy = self._anatomy
        hooks = [block.register_forward_hook(self._after_block) for block in dict.fromkeys(anatomy.blocks)]
        if "embeddings" in self._sites:
            first = anatomy.blocks[0]
            hooks.append(first.register_forward_pre_hook(self._before_first, with_kwargs=True))
        if anatomy.final_norm is not None:
            hooks.append(anatomy.final_norm.register_forward_pre_hook(self._before_norm, with_kwargs=True))
            hooks.append(anatomy.final_norm.register_forward_hook(self._after_norm))
        return hooks

    def _before_first(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        if self.calls == 0:
            self._keep("embeddings", _input(args, kwargs))

    def _after_block(self, module: Any, args: tuple[Any, ...], output: Any) -> None:
        state = _first(output)
        self._keep(f"block.{self.calls}", state)
        self.calls += 1
        if self._anatomy.final_norm is None:
            self._keep("final", state)  # the last call's stays

    def _before_norm(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._keep("final_prenorm", _input(args, kwargs))

    def _after_norm(self, module: Any, args: tuple[Any, ...], output: Any) -> None:
        self._keep("final", _first(output))

    def _keep(self, site: str, state: Tensor) -> None:
        if site in self._sites:
            self.states[site] = state


def _first(output: Any) -> Tensor:
    """A block's hidden states; some families give a tuple."""
    return output if isinstance(output, Tensor) else output[0]


def _input(args: tuple[Any, ...], kwargs: dict[str, Any]) -> Tensor:
    """The hidden states that a module is called with, by position or by name."""
    if args:
        return args[0]
    return kwargs["hidden_states"] if "hidden_states" in kwargs else next(iter(kwargs.values()))


def probe(anatomy: Anatomy, ids: Tensor, mask: Tensor) -> tuple[int, Tensor | None, Tensor]:
    """A pass to check an anatomy by: calls of blocks, `final` as caught, and what the model itself gives last."""
    catch = _Catch(anatomy, frozenset({"final"}))
    hooks = catch.register()
    try:
        with torch.inference_mode():
            output = anatomy.backbone(input_ids=ids, attention_mask=mask)
    finally:
        for hook in hooks:
            hook.remove()
    return catch.calls, catch.states.get("final"), output[0]
