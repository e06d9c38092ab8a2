from __future__ import annotations

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.core.spec.base import expand_axes, validate
from lmgeo.core.spec.document import parse_document
from lmgeo.core.spec.losses import AdaptSpec, LossesSpec

BLOCK = """
corpora: {ptb: "ptb:some/folder", py_docs-2: pydocs}
gptq: [4, 3]
round: [4, 3]
noise: [0.01, 0.1]
noise_seeds: [1, 2]
finetune: {corpus: pydocs, steps: 50, seeds: [0, 1]}
"""


def losses(text: str) -> LossesSpec:
    document = parse_document(text, "s.yaml")
    return validate(LossesSpec, document.value, document)


def test_a_block_is_read_and_lists_in_it_are_no_axes() -> None:
    document = parse_document(BLOCK, "s.yaml")
    (found,) = expand_axes(LossesSpec, document.value, document)
    assert found == losses(BLOCK)
    assert found.corpora == {"ptb": "ptb:some/folder", "py_docs-2": "pydocs"}
    assert (found.gptq, found.noise, found.noise_seeds) == ([4, 3], [0.01, 0.1], [1, 2])
    assert found.finetune == AdaptSpec(corpus="pydocs", steps=50, seeds=[0, 1])
    assert found.most_tokens == 200_000


def test_lists_under_plain_fields_are_axes_still() -> None:
    document = parse_document("group: [0, 64]\ngptq: [4, 3]", "s.yaml")
    assert [s.group for s in expand_axes(LossesSpec, document.value, document)] == [0, 64]


def test_nothing_is_asked_for_by_default() -> None:
    assert losses("{}").resolved() == {
        "in_domain": None,
        "corpora": {},
        "most_tokens": 200_000,
        "gptq": [],
        "round": [],
        "group": 0,
        "calibration": None,
        "calibration_sequences": 128,
        "noise": [],
        "noise_seeds": [0],
        "finetune": None,
    }


@pytest.mark.parametrize(
    ("text", "what", "mend"),
    [
        ("corpora: {a b: pydocs}", "'a b' is no name of letters", "correct"),
        ("corpora: {loss.x: pydocs}", "'loss.x' is no name", "correct"),
        ("corpora: {gptq4: pydocs}", "the name 'gptq4' is that of another loss", "correct"),
        ("corpora: {kept: pydocs}", "the name 'kept' is that of another loss", "correct"),
        ("corpora: [pydocs]", "key corpora is ['pydocs']", "correct"),
        ("corpora:\n  x: 3", "s.yaml:2, key corpora.x is 3", "correct"),
        ("gptq: [1]", "key gptq[0] is 1", "correct"),
        ("round: [16]", "key round[0] is 16", "correct"),
        ("gptq: 4", "key gptq is 4", "correct"),
        ("gptq: [4, 4]", "4 stands twice", "correct"),
        ("noise: [0]", "key noise[0] is 0", "correct"),
        ("noise_seeds: []", "key noise_seeds is []", "correct"),
        ("nose: [0.1]", "unknown key 'nose'", "did you mean 'noise'"),
        ("finetune: {corpus: pydocs,\n  stps: 3}", "s.yaml:2, key finetune.stps: unknown key 'stps'", "'steps'"),
        ("finetune: {corpus: pydocs, steps: yes}", "key finetune.steps is True, not a number", "number"),
        ("finetune: {steps: 3}", "key finetune.corpus is missing", "'corpus'"),
        ("finetune: {corpus: pydocs, seeds: [1, 1]}", "1 stands twice", "correct"),
        ("most_tokens: 0", "key most_tokens is 0", "correct"),
    ],
)
def test_a_mistake_is_shown_with_its_place_and_mend(text: str, what: str, mend: str) -> None:
    with pytest.raises(SpecError) as raised:
        losses(text)
    assert what in raised.value.what
    assert mend in raised.value.mend
