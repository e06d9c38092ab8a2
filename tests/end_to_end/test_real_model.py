"""A real trained checkpoint on real text, against a plain pass written out here."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from lmgeo.cli.main import _run

pytestmark = pytest.mark.shared


@pytest.fixture(scope="module")
def sources(shared: Path) -> tuple[Path, str]:
    data = shared / "data"
    return data / "models" / "TinyStories-656K", f"wikitext:{data / 'wikitext-2'}"


def plain_cloud(checkpoint: Path, corpus: str) -> np.ndarray:
    """One sequence at a time through plain transformers, with the tokenizer's own defaults."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    from lmgeo.data.corpora import open_corpus
    from lmgeo.data.sampling import sample_sequences

    tokenizer = AutoTokenizer.from_pretrained(checkpoint)
    model = AutoModelForCausalLM.from_pretrained(checkpoint, dtype=torch.float32).eval()
    rows = []
    with torch.inference_mode():
        for text in sample_sequences(open_corpus(corpus), 200, 0).texts:
            ids = tokenizer(text, return_tensors="pt", truncation=True, max_length=512)["input_ids"]
            rows.append(model.model(input_ids=ids).last_hidden_state[0].numpy())
    return np.concatenate(rows).astype(np.float64)


def test_every_measure_of_the_default_protocol_has_a_value(sources, capsys):
    checkpoint, corpus = sources
    code = _run(["measure", str(checkpoint), "--corpus", corpus, "--sequences", "200", "--json", "--offline"])
    document = json.loads(capsys.readouterr().out)
    found = document["objects"]["final"]
    assert code == 0
    assert all(m["value"] is not None for m in found["measures"].values())
    assert document["protocol"]["name"] == "default"

    cloud = plain_cloud(checkpoint, corpus)
    assert (found["n"], found["d"]) == cloud.shape == (found["n"], 128)
    values = {name: m["value"] for name, m in found["measures"].items()}
    sigma = np.linalg.svd(cloud - cloud.mean(axis=0), compute_uv=False)
    lam, p = sigma**2, sigma / sigma.sum()
    share = np.cumsum(lam) / lam.sum()
    even = np.arange(1, 129) / 128
    deviation = np.linalg.norm(np.sqrt(128) * lam / np.linalg.norm(lam) - 1) / np.sqrt(2 * (128 - np.sqrt(128)))
    phi = (128 - deviation**2 * (128 - np.sqrt(128))) ** 2 / 128**2
    raw = np.linalg.svd(cloud, compute_uv=False)
    expected = {
        "eee": np.trapezoid(share - even) / (128 / 2),
        "isoscore": (128 * phi - 1) / 127,
        "pc_ratio": lam[-1] / lam[0],
        "participation_ratio": lam.sum() ** 2 / (lam**2).sum(),
        "effective_rank": np.exp(-(p * np.log(p)).sum()),
        "effective_rank_cov": np.exp(-((lam / lam.sum()) * np.log(lam / lam.sum())).sum()),
        "rankme": np.exp(-((raw / raw.sum()) * np.log(raw / raw.sum())).sum()),
        "stable_rank": lam.sum() / lam[0],
    }
    for name, value in expected.items():
        assert values[name] == pytest.approx(value, rel=1e-4), name  # float32 passes differ in their last digits
    unit = cloud / np.linalg.norm(cloud, axis=1, keepdims=True)
    n = len(cloud)
    assert values["mean_cosine"] == pytest.approx((np.sum(unit.sum(axis=0) ** 2) - n) / (n * (n - 1)), rel=1e-4)
