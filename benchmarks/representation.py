"""Tokens a second of `represent`, beside one sequence at a time and beside the model's bare batched pass.

    python benchmarks/representation.py [--sequences 1000] [--repeats 3] [--threads 2] [--sites final|all]

A random encoder of BERT-small's shape (4 layers, width 512) reads the built-in text. The three ways take turns,
so that a busy machine slows all of them; each figure is the best of its repeats. "bare" runs the same batches
through the model and throws the result away: what `represent` takes beyond it is its own overhead.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable

import torch

from lmgeo.core.environment import set_threads
from lmgeo.core.tokens import TokenSequence
from lmgeo.data.batching import length_sorted_batches
from lmgeo.data.corpora import open_corpus
from lmgeo.data.sampling import sample_sequences
from lmgeo.models.handle import ModelHandle
from lmgeo.models.tokenizer import train_wordpiece
from lmgeo.represent.run import TOKENS_PER_BATCH, represent
from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.rows import Rows

VOCABULARY = 8000
STATES = (Moments, Directions, Rows)


def bert_small(texts: list[str]) -> ModelHandle:
    """A random model of BERT-small's shape with a tokenizer of its own."""
    from transformers import BertConfig, BertModel

    tokenizer = train_wordpiece(texts, VOCABULARY, 512)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=512,
        num_hidden_layers=4,
        num_attention_heads=8,
        intermediate_size=2048,
    )
    return ModelHandle(BertModel(config, add_pooling_layer=False), "bert-small, random", lambda: tokenizer)


def bare(handle: ModelHandle, sequences: list[TokenSequence]) -> None:
    """The same batches through the model alone."""
    with torch.inference_mode():
        for batch in length_sorted_batches(sequences, TOKENS_PER_BATCH, handle.pad_id):
            handle.module(input_ids=torch.from_numpy(batch.ids), attention_mask=torch.from_numpy(batch.mask))


def one_by_one(handle: ModelHandle, sequences: list[TokenSequence]) -> None:
    """Each sequence through the model alone."""
    with torch.inference_mode():
        for sequence in sequences:
            handle.module(input_ids=torch.from_numpy(sequence.ids).long()[None])


def seconds(work: Callable[[], object]) -> float:
    """Wall time of one call."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--sequences", type=int, default=1000)
    options.add_argument("--repeats", type=int, default=3)
    options.add_argument("--threads", type=int, default=2)
    options.add_argument("--sites", default="final")
    asked = options.parse_args()
    set_threads(asked.threads)
    corpus = open_corpus("pydocs")
    texts = sample_sequences(corpus, asked.sequences, 0).texts
    handle = bert_small(corpus.sequences)
    sequences = handle.encode(texts)
    tokens = sum(map(len, sequences))
    some = sequences[:: max(1, len(sequences) // 200)]  # enough of them for the slow way
    ways: dict[str, tuple[Callable[[], object], int]] = {
        "bare batched pass": (lambda: bare(handle, sequences), tokens),
        "represent": (lambda: represent(handle, texts, asked.sites.split(","), "all", STATES), tokens),
        "one at a time": (lambda: one_by_one(handle, some), sum(map(len, some))),
    }
    bare(handle, some)  # first calls set things up
    best = dict.fromkeys(ways, float("inf"))
    for _ in range(asked.repeats):
        for name, (work, _) in ways.items():
            best[name] = min(best[name], seconds(work))
    rates = {name: ways[name][1] / best[name] for name in ways}
    print(f"{len(sequences)} sequences, {tokens} tokens, {asked.threads} threads, sites {asked.sites}")
    print(f"{'way':20} {'tokens/s':>10} {'beside bare':>12}")
    for name, rate in rates.items():
        print(f"{name:20} {rate:10.0f} {rate / rates['bare batched pass']:12.2f}")
    result = {
        "benchmark": "representation",
        "tokens": tokens,
        "sequences": len(sequences),
        "threads": asked.threads,
        "sites": asked.sites,
        "tokens_per_second": {name: round(rate, 1) for name, rate in rates.items()},
        "represent_over_bare": round(rates["represent"] / rates["bare batched pass"], 3),
        "represent_over_one_at_a_time": round(rates["represent"] / rates["one at a time"], 3),
    }
    print(json.dumps(result))


if __name__ == "__main__":
    main()
