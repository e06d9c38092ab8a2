"""Task scores as fractions: what GLUE grades with, on the last axis of any array.

Every function takes the truth first, then the predictions, both with examples on the last
axis; leading axes are kept, so a thousand bootstrap resamples are scored in one call. A score
that is undefined because one side is constant counts as no skill and is 0, never NaN: the
convention of Matthews' correlation in scikit-learn, held to for all correlations here.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lmgeo.core.arrays import Float, Int, ndarray
from lmgeo.core.errors import NotEnoughData

Scores = ndarray | np.float64  # one number for each entry of the leading axes


def accuracy(labels: Int[ndarray, "*b n"], predictions: Int[ndarray, "*b n"]) -> Scores:
    """Share of examples predicted right, in [0, 1]."""
    _need_examples(labels)
    return np.mean(labels == predictions, axis=-1)


def f1(labels: Int[ndarray, "*b n"], predictions: Int[ndarray, "*b n"]) -> Scores:
    """F1 of class 1 against the rest, in [0, 1]; 0 where neither side holds a 1."""
    _need_examples(labels)
    hits = np.sum((labels == 1) & (predictions == 1), axis=-1)
    named = np.sum(labels == 1, axis=-1) + np.sum(predictions == 1, axis=-1)
    return 2.0 * hits / np.maximum(named, 1)


def matthews(labels: Int[ndarray, "*b n"], predictions: Int[ndarray, "*b n"]) -> Scores:
    """Matthews' correlation for any number of classes, in [-1, 1]; 0 where a side is constant.

    Source: Gorodkin 2004, doi:10.1016/j.compbiolchem.2004.09.006.
    """
    _need_examples(labels)
    n = float(labels.shape[-1])
    right = np.sum(labels == predictions, axis=-1)
    classes = np.union1d(labels, predictions)
    t = np.array([np.sum(labels == k, axis=-1) for k in classes], np.float64)
    p = np.array([np.sum(predictions == k, axis=-1) for k in classes], np.float64)
    spreads = (n * n - (t * t).sum(axis=0)) * (n * n - (p * p).sum(axis=0))
    return _ratio(right * n - (t * p).sum(axis=0), spreads)


def pearson(labels: Float[ndarray, "*b n"], predictions: Float[ndarray, "*b n"]) -> Scores:
    """Pearson's correlation, in [-1, 1]; 0 where a side is constant."""
    _need_examples(labels)
    x, y = _deviations(labels), _deviations(predictions)
    return np.clip(_ratio(np.sum(x * y, axis=-1), np.sum(x * x, axis=-1) * np.sum(y * y, axis=-1)), -1.0, 1.0)


def spearman(labels: Float[ndarray, "*b n"], predictions: Float[ndarray, "*b n"]) -> Scores:
    """Spearman's correlation with average ranks for ties, in [-1, 1]; 0 where a side is constant."""
    return pearson(average_ranks(labels), average_ranks(predictions))


def average_ranks(values: ndarray) -> Float[ndarray, "*b n"]:
    """Ranks from 1 on the last axis; equal values share the mean of their ranks."""
    order = np.argsort(values, axis=-1, kind="stable")
    ascending = np.take_along_axis(values, order, axis=-1)
    place = np.broadcast_to(np.arange(values.shape[-1]), values.shape)
    starts, ends = np.ones(values.shape, bool), np.ones(values.shape, bool)
    starts[..., 1:] = ascending[..., 1:] != ascending[..., :-1]
    ends[..., :-1] = starts[..., 1:]
    first = np.maximum.accumulate(np.where(starts, place, 0), axis=-1)
    last = np.where(ends, place, values.shape[-1])[..., ::-1]
    last = np.minimum.accumulate(last, axis=-1)[..., ::-1]
    ranks = np.empty(values.shape, np.float64)
    np.put_along_axis(ranks, order, (first + last) / 2.0 + 1.0, axis=-1)
    return ranks


def _need_examples(labels: ndarray) -> None:
    if labels.shape[-1] == 0:
        raise NotEnoughData("no examples to score", "give at least one example")


def _deviations(values: ndarray) -> ndarray:
    """Values less their mean, scaled to a greatest size of 1 so that squares stay finite."""
    x = values.astype(np.float64)
    size = np.max(np.abs(x), axis=-1, keepdims=True)
    x = x / np.where(size > 0, size, 1.0)
    x = x - np.mean(x, axis=-1, keepdims=True)
    # what rounding leaves of a constant is no signal
    return np.where(np.max(np.abs(x), axis=-1, keepdims=True) > 1e-14, x, 0.0)


def _ratio(covariance: Scores, variances: Scores) -> Scores:
    positive = variances > 0
    return np.where(positive, covariance / np.sqrt(np.where(positive, variances, 1.0)), 0.0)[()]


METRICS: dict[str, Callable[[ndarray, ndarray], Scores]] = {
    "accuracy": accuracy,
    "f1": f1,
    "matthews": matthews,
    "pearson": pearson,
    "spearman": spearman,
}
