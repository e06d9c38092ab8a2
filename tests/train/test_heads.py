"""Pooling and heads."""

from __future__ import annotations

import numpy as np
import torch

from lmgeo.core.tokens import TokenSequence
from lmgeo.models.handle import ModelHandle
from lmgeo.train.batches import TokenRows
from lmgeo.train.heads import pool_last, pool_mean, pooled_copy


def test_pooling_equals_a_plain_loop() -> None:
    hidden, lengths = torch.randn(4, 6, 3), [6, 1, 3, 5]
    mask = (torch.arange(6)[None] < torch.tensor(lengths)[:, None]).long()
    for row, n in enumerate(lengths):
        torch.testing.assert_close(pool_mean(hidden, mask)[row], hidden[row, :n].mean(0))
        torch.testing.assert_close(pool_last(hidden, mask)[row], hidden[row, n - 1])


def test_padding_does_not_move_outputs(model: ModelHandle) -> None:
    rows = TokenRows(model.encode(["the cat sees water", "a dog"]), model.pad_id)
    pooled = pooled_copy(model, 3, seed=0).eval()
    together = pooled(*map(torch.from_numpy, rows.batch(np.array([1, 0]))))
    alone = [pooled(*map(torch.from_numpy, rows.batch(np.array([i])))) for i in (1, 0)]
    assert together.shape == (2, 3)
    torch.testing.assert_close(together, torch.cat(alone), atol=1e-5, rtol=1e-4)


def test_the_head_follows_its_stream_and_the_body_is_the_models(encoder: ModelHandle) -> None:
    one, same, other = (pooled_copy(encoder, 2, seed) for seed in (0, 0, 1))
    assert torch.equal(one.head.dense.weight, same.head.dense.weight)
    assert not torch.equal(one.head.dense.weight, other.head.dense.weight)
    for name, parameter in encoder.backbone.named_parameters():
        copied = one.body.get_parameter(name)
        assert torch.equal(copied, parameter)
        assert copied.data_ptr() != parameter.data_ptr()


def test_segments_reach_the_models_that_take_them(model: ModelHandle) -> None:
    pooled = pooled_copy(model, 2, seed=0).eval()
    ids = np.array([1, 2, 3], np.int32)

    def outputs(*segments: int) -> torch.Tensor:
        rows = TokenRows([TokenSequence(ids, np.zeros(3, bool), np.array(segments, np.int8))], model.pad_id)
        return pooled(*map(torch.from_numpy, rows.batch(np.array([0]))))

    moved = not torch.equal(outputs(0, 0, 0), outputs(0, 1, 1))
    assert moved == (model.family == "bert")
