"""A tiny suite of causal models on a text file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def suite_study(text_file: Path) -> dict[str, Any]:
    """Two sizes in two configurations, eight steps each, followed along training, with a loss of each kind."""
    base = {
        "architecture": "olmo2", "corpus": f"text:{text_file}", "vocabulary": 300, "max_length": 16, "steps": 8,
        "batch_size": 4, "learning_rate": 1e-2, "weight_decay": 0.1, "even_checkpoints": 2, "layers": 1, "heads": 2,
    }  # fmt: skip
    return {
        "name": "suite",
        "threads": 1,
        "models": [{"suite": {"base": base, "each": {"width": [16, 24]}, "vary": [{"weight_decay": [0.1, 0.5]}]}}],
        "trajectory": {"sequences": 10, "loss_tokens": 100, "measures": ["effective_rank"]},
        "represent": {"corpus": f"text:{text_file}", "sequences": 20, "tokens": "last"},
        "measure": {"measures": ["effective_rank"], "weights": ["unembedding"]},
        "losses": {"most_tokens": 100, "round": [4], "corpora": {"same": f"text:{text_file}"}},
        "analyze": {"target": "score.loss"},
    }
