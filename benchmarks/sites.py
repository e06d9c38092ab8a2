"""All spectral measures at every site of a BERT-base-shaped model, beside the model's bare batched pass.

    python benchmarks/sites.py [--sequences 400] [--repeats 3] [--threads 2]

The same batches go through the model three ways, which take turns: bare, with spectra in float64, and with spectra from
float32 products. The time of a way is its pass and, for the spectra, every measure with its spread at all 14 sites
(embeddings, 12 blocks, final). The least of the repeats counts. At the end, what float32 products cost in precision on
a cloud with outlier dimensions.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from lmgeo.core.environment import set_threads
from lmgeo.data.batching import length_sorted_batches
from lmgeo.data.corpora import open_corpus
from lmgeo.data.sampling import sample_sequences
from lmgeo.measures.compute import compute_each, measure_cloud
from lmgeo.measures.declare import MEASURES
from lmgeo.measures.protocols import protocol
from lmgeo.models.handle import ModelHandle
from lmgeo.models.tokenizer import train_wordpiece
from lmgeo.represent.run import TOKENS_PER_BATCH, represent
from lmgeo.states.moments import Moments

CLOUDS = Path(__file__).resolve().parents[1] / "tests" / "reference" / "clouds.py"
DEFAULT = protocol("default")


def bert_base(texts: list[str]) -> ModelHandle:
    """A random model of BERT-base's shape with a tokenizer of its own."""
    from transformers import BertConfig, BertModel

    tokenizer = train_wordpiece(texts, 8000, 512)
    torch.manual_seed(0)
    return ModelHandle(BertModel(BertConfig(vocab_size=len(tokenizer))), "bert-base", lambda: tokenizer)


def spectral() -> list[str]:
    """The measures that read moments."""
    return [name for name, declared in MEASURES.items() if declared.state is Moments and declared.cloud]


def bare(model: ModelHandle, texts: list[str]) -> Callable[[], None]:
    """The pass alone."""

    def run() -> None:
        sequences = model.encode(texts)
        for batch in length_sorted_batches(sequences, TOKENS_PER_BATCH, model.pad_id):
            with torch.inference_mode():
                model.backbone(input_ids=torch.from_numpy(batch.ids), attention_mask=torch.from_numpy(batch.mask))

    return run


def measured(model: ModelHandle, texts: list[str], products: str) -> Callable[[], None]:
    """The pass, the states and the measures."""

    def run() -> None:
        passed = represent(model, texts, ["all"], "all", {Moments: {"products": products}})
        compute_each(passed.states, spectral(), DEFAULT, 0)

    return run


def precision() -> None:
    """The worst relative difference of each measure on `outlier_dims`, float32 products beside float64."""
    spec = importlib.util.spec_from_file_location("clouds", CLOUDS)
    assert spec is not None
    assert spec.loader is not None
    clouds = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(clouds)
    X = clouds.make("outlier_dims")
    exact = measure_cloud(X.astype(np.float64), spectral(), DEFAULT, 0)
    print("outlier_dims: relative difference from the float64 cloud")
    for name in spectral():
        differences = []
        for products in ("float64", "float32"):
            found = measure_cloud(X, [name], DEFAULT, 0, products=products)[name].value
            differences.append(abs(found / exact[name].value - 1))
        print(f"  {name:22} float64 {differences[0]:.1e}   float32 {differences[1]:.1e}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, value in (("sequences", 400), ("repeats", 3), ("threads", 2)):
        parser.add_argument(f"--{name}", type=int, default=value)
    options = parser.parse_args()
    set_threads(options.threads)
    corpus = open_corpus("pydocs")
    model = bert_base(list(corpus.sequences)[:4000])
    texts = list(sample_sequences(corpus, options.sequences, 0).texts)
    ways = {"bare": bare(model, texts)}
    ways |= {products: measured(model, texts, products) for products in ("float64", "float32")}
    measured(model, texts[:20], "float64")()
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(options.repeats):
        for name, way in ways.items():
            start = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - start)
    tokens = sum(len(s) for s in model.encode(texts))
    print(f"{tokens} tokens, {len(model.sites)} sites, {len(spectral())} measures, {options.threads} threads")
    for name, spent in seconds.items():
        beyond = min(spent) / min(seconds["bare"]) - 1
        print(f"{name:8} {min(spent):7.2f} s   {beyond:+.1%}   {[round(s, 1) for s in spent]}")
    precision()


if __name__ == "__main__":
    main()
