"""Scores with their chance level and interval; targets and predictions."""

from __future__ import annotations

import json

import numpy as np
import pytest
import sklearn.metrics
import torch

from lmgeo.train.grading import TaskScore, chance_score, mean_score, metrics_of, notes_on, score_interval
from lmgeo.train.targets import Targets

LABELS = np.array([1] * 70 + [0] * 30)


def test_chance_is_what_the_most_frequent_label_scores() -> None:
    ones = np.ones(100, int)
    f1 = sklearn.metrics.f1_score(LABELS, ones)
    assert chance_score(("accuracy",), LABELS) == pytest.approx(0.7)
    assert chance_score(("accuracy", "f1"), LABELS) == pytest.approx((0.7 + f1) / 2)
    assert chance_score(("matthews",), LABELS) == 0.0
    assert chance_score(("pearson", "spearman"), LABELS.astype(float)) == 0.0


def test_the_score_is_the_mean_of_the_metrics() -> None:
    predictions = np.random.default_rng(0).integers(0, 2, 100)
    metrics = metrics_of(("accuracy", "f1"), LABELS, predictions)
    assert metrics["accuracy"] == pytest.approx(sklearn.metrics.accuracy_score(LABELS, predictions))
    assert mean_score(("accuracy", "f1"), LABELS, predictions) == pytest.approx(sum(metrics.values()) / 2)


def test_the_interval_is_the_binomial_one_for_accuracy() -> None:
    predictions = np.where(np.arange(100) % 4 == 0, 1 - LABELS, LABELS)  # 75 right
    low, high = score_interval(("accuracy",), LABELS, predictions, seed=0)
    spread = 1.96 * np.sqrt(0.75 * 0.25 / 100)
    assert low == pytest.approx(0.75 - spread, abs=0.02)
    assert high == pytest.approx(0.75 + spread, abs=0.02)


@pytest.mark.parametrize("names", [("matthews",), ("pearson", "spearman")])
def test_constant_predictions_have_a_score_and_a_note(names: tuple[str, ...]) -> None:
    labels = LABELS if names == ("matthews",) else LABELS.astype(float)
    constant = np.zeros_like(labels)
    assert mean_score(names, labels, constant) == 0.0
    assert score_interval(names, labels, constant, seed=0) == (0.0, 0.0)
    notes = notes_on(names, constant)
    assert notes[0] == "every prediction is the same"
    assert all(any(name in note for note in notes) for name in names)
    assert notes_on(names, labels) == []


def test_a_score_goes_to_json() -> None:
    score = TaskScore("rte", 0.6, {"accuracy": 0.6}, 10, 20, 1, 0.5, (0.4, 0.8))
    raw = json.loads(json.dumps(score.to_json(), allow_nan=False))
    assert raw["interval"] == [0.4, 0.8]
    assert raw["n_eval"] == 20


def test_grades_are_standardised_and_put_back() -> None:
    labels = np.array([1.0, 2.0, 6.0])
    targets = Targets.of(None, labels)
    encoded = targets.encode(labels)
    assert encoded.mean().item() == pytest.approx(0, abs=1e-6)
    assert encoded.std(unbiased=False).item() == pytest.approx(1, abs=1e-6)
    np.testing.assert_allclose(targets.predictions(encoded.double().numpy()[:, None]), labels, atol=1e-6)
    outputs = torch.tensor([[0.5], [1.0], [-1.0]])
    assert targets.loss(outputs, encoded).item() == pytest.approx(((outputs[:, 0] - encoded) ** 2).mean().item())


def test_constant_grades_do_not_divide_by_zero() -> None:
    targets = Targets.of(None, np.full(5, 3.0))
    assert targets.encode(np.full(5, 3.0)).tolist() == [0.0] * 5


def test_classes_are_the_likeliest_outputs() -> None:
    targets = Targets.of(("a", "b", "c"), np.array([0, 2]))
    outputs = np.array([[0.1, 0.2, 3.0], [2.0, 0.0, 0.0]])
    assert targets.outputs == 3
    assert targets.predictions(outputs).tolist() == [2, 0]
    wanted = targets.encode(np.array([2, 0]))
    by_hand = -np.mean([outputs[i, k] - np.log(np.exp(outputs[i]).sum()) for i, k in enumerate((2, 0))])
    assert targets.loss(torch.tensor(outputs), wanted).item() == pytest.approx(by_hand)
