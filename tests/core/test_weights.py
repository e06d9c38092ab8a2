from __future__ import annotations

import pytest
import torch

from lmgeo.core.weights import Role, Weight, WeightView


@pytest.fixture
def view() -> WeightView:
    return WeightView(
        {
            "b.weight": Weight(torch.ones(2, 2), Role.ATTENTION, 0, bias=False),
            "a.bias": Weight(torch.zeros(2), Role.HEAD, None, bias=True),
        }
    )


def test_it_keeps_the_order_of_the_model(view: WeightView) -> None:
    assert list(view) == ["b.weight", "a.bias"]
    assert len(view) == 2


def test_map_gives_new_tensors_by_name(view: WeightView) -> None:
    changed = view.map(lambda name, weight: weight.tensor + len(name))
    assert changed["b.weight"].tolist() == [[9, 9], [9, 9]]
    assert view["b.weight"].tensor.tolist() == [[1, 1], [1, 1]]


def test_it_is_not_the_mapping_it_was_made_from() -> None:
    source = {"a": Weight(torch.ones(1), Role.NORM, 1, bias=False)}
    view = WeightView(source)
    source.clear()
    assert view["a"].role == "norm"
