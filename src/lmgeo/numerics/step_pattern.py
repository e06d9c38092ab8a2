"""Which steps a list of training steps lacks, from the pattern of those that are there."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

_REGULAR = 2  # equal spacings in a row that make a pattern which the steps before should keep to
_SETTLED = 3  # … that make one which the steps after should keep to
_POWERS = 4  # powers of two that make a pattern


def missing_steps(steps: Sequence[int]) -> list[int]:
    """The steps that a regular pattern has and the list lacks.

    Known patterns: even spacing, several in turn (each 100, later each 1,000), and powers of two before
    the even ones (1, 2, 4 … 512, 1000, 2000 …). What lies before the first step or after the last is not
    known, nor is a hole longer than what is regular beside it.

    Args:
        steps: those there are, in any order.
    """
    ordered = sorted(set(steps))
    if len(ordered) < _REGULAR + 2:
        return []
    gaps = [b - a for a, b in pairwise(ordered)]
    runs = _equal_runs(gaps)
    found = {s for run in runs for s in (*_before(ordered, gaps, *run), *_after(ordered, gaps, *run))}
    return sorted(found | _between(ordered, gaps, runs) | _powers(ordered, runs))


def _equal_runs(gaps: Sequence[int]) -> list[tuple[int, int]]:
    """Stretches of equal gaps, as first and last index."""
    runs, start = [], 0
    for i in range(1, len(gaps) + 1):
        if i == len(gaps) or gaps[i] != gaps[start]:
            runs.append((start, i - 1))
            start = i
    return runs


def _before(steps: Sequence[int], gaps: Sequence[int], first: int, last: int) -> list[int]:
    """Steps of the spacing that are lacking right before it."""
    long = last - first + 1
    changed = first >= 2 and gaps[first - 2] == gaps[first - 1]  # another spacing, no hole
    if long < _REGULAR or first == 0 or changed or _apart(steps[first - 1], steps[first], gaps[first]):
        return []
    hole = [*range(steps[first] - gaps[first], steps[first - 1], -gaps[first])]
    return hole if len(hole) <= long else []


def _apart(before: int, start: int, gap: int) -> bool:
    """Whether a step is neither on the even steps' grid nor before its beginning: these then began where they do."""
    return (start - before) % gap != 0 and before > gap


def _after(steps: Sequence[int], gaps: Sequence[int], first: int, last: int) -> list[int]:
    """Steps of the spacing that are lacking right after it."""
    long = last - first + 1
    if long < _SETTLED or last + 1 == len(gaps) or (last + 2 < len(gaps) and gaps[last + 2] >= gaps[last + 1]):
        return []
    hole = [*range(steps[last + 1] + gaps[first], steps[last + 2], gaps[first])]
    return hole if len(hole) <= long else []


def _between(steps: Sequence[int], gaps: Sequence[int], runs: Sequence[tuple[int, int]]) -> set[int]:
    """Steps lacking between two stretches of one spacing, short as these may be."""
    found: set[int] = set()
    for (start, left), (hole, _), (right, end) in zip(runs, runs[1:], runs[2:], strict=False):
        gap, long = gaps[left], (left - start + 1) + (end - right + 1)
        inside = range(steps[hole] + gap, steps[hole + 1], gap)
        alone = right == left + 2 and gaps[right] == gap and gaps[hole] % gap == 0
        if alone and long >= _SETTLED and len(inside) <= long:
            found |= set(inside)
    return found


def _powers(steps: Sequence[int], runs: Sequence[tuple[int, int]]) -> set[int]:
    """Powers of two lacking among those before the even steps."""
    long = max(runs, key=lambda run: run[1] - run[0])
    head = [s for s in (steps[: long[0]] if long[1] - long[0] + 1 >= _SETTLED else steps) if s > 0]
    if len(head) < _POWERS or any(s & (s - 1) for s in head):
        return set()
    between = {1 << k for k in range(head[0].bit_length() - 1, head[-1].bit_length())}
    return between - set(head)
