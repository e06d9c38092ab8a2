"""Checkpoints along tiny training runs, and the faults that are planted among them."""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import torch

from lmgeo.models.build import seeded_module
from lmgeo.models.quiet import quiet

STEPS = 300
EVERY = 30
_SCHEDULES: dict[str, Callable[[float], float]] = {
    "constant": lambda done: 1.0,
    "cosine": lambda done: 0.5 * (1 + math.cos(math.pi * done)),
}


def train(
    root: Path,
    seed: int = 0,
    schedule: str = "cosine",
    family: str = "gpt_neox",
    marks: Iterable[int] = range(0, STEPS + 1, EVERY),
    steps: int = STEPS,
    rate: float = 3e-3,
) -> Path:
    """Train a causal model of width 32 on a Markov chain and save it at the marked steps, as `step-N`."""
    module, marked = _module(family, seed), set(marks)
    optimizer = torch.optim.AdamW(module.parameters(), weight_decay=0.1)
    random = torch.Generator().manual_seed(seed)
    chain = torch.softmax(3 * torch.randn(64, 64, generator=random), 1)
    for step in range(steps + 1):
        if step in marked:
            with quiet():
                module.save_pretrained(root / f"step-{step}")
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 20) * _SCHEDULES[schedule](step / steps)
        ids = _sequences(chain, random)
        optimizer.zero_grad()
        module(input_ids=ids, labels=ids).loss.backward()
        torch.nn.utils.clip_grad_norm_(module.parameters(), 1.0)
        optimizer.step()
    return root


def _module(family: str, seed: int) -> torch.nn.Module:
    from transformers import AutoConfig, AutoModelForCausalLM

    config = AutoConfig.for_model(
        family,
        vocab_size=64,
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=32,
        pad_token_id=None,
        bos_token_id=0,
        eos_token_id=0,
    )
    return seeded_module(config, AutoModelForCausalLM, seed).train()


def _sequences(chain: torch.Tensor, random: torch.Generator) -> torch.Tensor:
    ids = torch.randint(0, 64, (8, 1), generator=random)
    for _ in range(15):
        ids = torch.cat([ids, torch.multinomial(chain[ids[:, -1]], 1, generator=random)], 1)
    return ids


def reorder(root: Path, places: dict[int, int]) -> None:
    """Put the weights of each key's step in the place of its value's."""
    for source in places:
        (root / f"step-{source}").rename(root / f"taken-{source}")
    for source, target in places.items():
        (root / f"taken-{source}").rename(root / f"step-{target}")


def put(source: Path, root: Path, step: int) -> None:
    """A copy of a checkpoint in the place of a step."""
    shutil.rmtree(root / f"step-{step}")
    shutil.copytree(source, root / f"step-{step}")
