"""Which tensors of a checkpoint are asked for, by what they are called: `unembedding`, a name, a glob, `all`."""

from __future__ import annotations

import difflib
import fnmatch
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.tensors import Tensor, unread_reason
from lmgeo.models.stored_head import EMBEDDING, UNEMBEDDING, Found, special_matrices
from lmgeo.models.weight_files import StoredWeights

EVERY = "all"
_SHOWN = 8  # names in a message


@dataclass(frozen=True)
class Chosen:
    """One matrix to be measured.

    Attributes:
        parameter: its name in the checkpoint.
        tensor: the matrix.
        tied: whether embedding and unembedding are this one matrix; None where it is neither.
        named: whether it was asked for by its own name, so that it must not be left out.
    """

    parameter: str
    tensor: Tensor
    tied: bool | None
    named: bool


@dataclass
class Selection:
    """What is measured and what is not.

    Attributes:
        matrices: object name → matrix.
        left_out: object name → why.
    """

    matrices: dict[str, Chosen] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)


def select_matrices(weights: StoredWeights, asked: Iterable[str]) -> Selection:
    """The matrices asked for, each once, in the order of asking.

    Args:
        weights: a model's tensors.
        asked: `unembedding`, `embedding`, a tensor's name, a glob over these, or `all`.

    Raises:
        UnknownName: a name or glob that nothing matches, with the near ones.
        SpecError: nothing is asked for.
    """
    patterns = list(asked)
    if not patterns:
        raise SpecError("no matrix is named", f"name some, or {EVERY} for every one")
    special = special_matrices(weights)
    selection = Selection()
    for pattern in patterns:
        glob = "*" if pattern == EVERY else pattern
        names = _matching(glob, weights, special)
        if not names:
            raise _unknown(pattern, weights, special)
        for name in names:
            _choose(selection, name, weights, special, named=name == glob)
    return selection


def _unknown(pattern: str, weights: StoredWeights, special: Mapping[str, Found | str]) -> UnknownName:
    """The near names, else those that hold a word of it, else the first few: a model has hundreds."""
    names = [EVERY, *special, *(n for n, tensor in weights.tensors.items() if unread_reason(tensor) is None)]
    words = [word for word in re.split(r"[^\w]+", pattern) if word]
    held = {name: sum(word in name for word in words) for name in names}
    by_words = [name for name in names if held[name] == max(held.values()) > 0]
    near = difflib.get_close_matches(pattern, names, n=3) or by_words[:3]
    mend = f"did you mean {' or '.join(map(repr, near))}?" if near else f"choose among {', '.join(names[:_SHOWN])} …"
    return UnknownName(f"unknown matrix {pattern!r} in {weights.label}", mend)


def _matching(glob: str, weights: StoredWeights, special: Mapping[str, Found | str]) -> list[str]:
    """Names of objects: a matrix that has a special name goes by it, unless its own is given in full."""
    if glob in weights.tensors or glob in special:
        return [glob]
    under = {found.parameter: name for name, found in reversed([*special.items()]) if isinstance(found, Found)}
    there = [name for name, found in special.items() if isinstance(found, Found) or glob == "*"]
    plain = [under.get(name, name) for name in weights.tensors if fnmatch.fnmatchcase(name, glob)]
    return list(dict.fromkeys([*(name for name in there if fnmatch.fnmatchcase(name, glob)), *plain]))


def _choose(
    selection: Selection, name: str, weights: StoredWeights, special: Mapping[str, Found | str], named: bool
) -> None:
    found = special.get(name, Found(name, None))
    if isinstance(found, str):
        selection.left_out[name] = found
    elif name == EMBEDDING and found.tied and not named and UNEMBEDDING in selection.matrices:
        selection.left_out[name] = f"tied: the same matrix as {UNEMBEDDING}"
    elif (reason := unread_reason(weights.tensors[found.parameter])) is not None:
        selection.left_out[name] = reason
    elif name not in selection.matrices or named:
        selection.matrices[name] = Chosen(found.parameter, weights.tensors[found.parameter], found.tied, named)
