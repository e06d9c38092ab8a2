"""A suite written out: which runs, how each is called, and what is refused where."""

from __future__ import annotations

from collections import Counter

import pytest

from lmgeo.core.errors import LmgeoError
from lmgeo.core.spec.document import parse_document
from lmgeo.core.spec.overrides import override
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.core.spec.study import ModelEntry, parse_study

TEXT = """\
name: s
models:
  - name: mine
    suite:
      base: {architecture: olmo2, tokens: 4096, batch_size: 4, max_length: 64, weight_decay: 0.1,
             learning_rate: 1.0e-2, even_checkpoints: 2}
      each:
        size: [0.1M, 0.2M]
      vary:
        - {tokens: [2048, 4096, 8192], batch_size: [2, 4, 8]}
        - weight_decay: [0.01, 0.1]
      seeds: [0, 1]
"""


def trained(entry: ModelEntry) -> PretrainSpec:
    assert isinstance(entry.source, PretrainSpec)
    return entry.source


def models(text: str, *settings: str) -> list[ModelEntry]:
    document = parse_document(text, "s.yaml")
    override(document, list(settings))
    return parse_study(document, []).models


def suite(block: str) -> list[ModelEntry]:
    return models(f"name: s\nmodels:\n  - suite: {block}")


def test_every_run_once_with_a_name_of_its_own() -> None:
    found = models(TEXT)
    names = [entry.name for entry in found]
    each = ["default", "default/seed=1", "tokens=2048,batch_size=2", "tokens=8192,batch_size=8", "weight_decay=0.01"]
    assert names == [f"mine/{size}/{one}" for size in ("0.1M", "0.2M") for one in each]
    assert len({repr(trained(entry).resolved()) for entry in found}) == len(found) == 10
    assert Counter(entry.configuration for entry in found) == {
        "default": 4, "tokens=2048,batch_size=2": 2, "tokens=8192,batch_size=8": 2, "weight_decay=0.01": 2,
    }  # fmt: skip


def test_a_run_is_the_base_but_for_its_change() -> None:
    by_name = {entry.name: trained(entry).resolved() for entry in models(TEXT)}
    base, changed = by_name["mine/0.1M/default"], by_name["mine/0.1M/tokens=2048,batch_size=2"]
    assert {key for key in base if base[key] != changed[key]} == {"tokens", "batch_size"}
    assert (changed["tokens"], changed["batch_size"]) == (2048, 2)
    other = by_name["mine/0.2M/default"]
    assert {key for key in base if base[key] != other[key]} == {"size", "width"}
    assert by_name["mine/0.1M/default/seed=1"] == {**base, "seed": 1}


def test_without_each_vary_or_seeds_it_is_one_run() -> None:
    (run,) = suite("{base: {architecture: olmo2, steps: 3, seed: 4}, vary:, each:, seeds:}")
    assert (run.name, run.configuration) == ("default", "default")
    assert (trained(run).seed, trained(run).steps) == (4, 3)


def test_each_is_a_full_grid_and_may_hold_the_seed() -> None:
    found = suite("{base: {architecture: gpt_neox, steps: 3}, each: {parallel: [true, false], seed: [3, 4]}}")
    assert [entry.name for entry in found] == [
        f"parallel={parallel}/seed={seed}/default" for parallel in (True, False) for seed in (3, 4)
    ]
    assert [(trained(entry).parallel, trained(entry).seed) for entry in found] == [
        (True, 3), (True, 4), (False, 3), (False, 4),
    ]  # fmt: skip


def test_a_batch_in_tokens_is_a_choice_like_one_in_sequences() -> None:
    base = "base: {architecture: olmo2, steps: 3, max_length: 64, batch_size: 4}"
    found = suite(f"{{{base}, vary: [{{batch_tokens: [128, 256, 512]}}]}}")
    assert [entry.configuration for entry in found] == ["default", "batch_size=2", "batch_size=8"]
    assert len({entry.name for entry in found}) == 3


def test_the_same_change_written_twice_counts_once() -> None:
    base = "base: {architecture: olmo2, steps: 3, weight_decay: 0.1}"
    found = suite(f"{{{base}, vary: [{{weight_decay: [0.5, 0.1]}}, {{weight_decay: [0.50, 1]}}]}}")
    assert [entry.configuration for entry in found] == ["default", "weight_decay=0.5", "weight_decay=1"]


def test_overrides_reach_into_a_suite() -> None:
    inside = "models.0.suite"
    found = models(TEXT, f"{inside}.base.weight_decay=0.3", f"{inside}.each.size=[0.3M]", f"{inside}.seeds=[5]")
    assert {trained(entry).size for entry in found} == {"0.3M"}
    assert {trained(entry).seed for entry in found} == {5}
    assert {entry.configuration for entry in found} == {
        "default", "tokens=2048,batch_size=2", "tokens=8192,batch_size=8", "weight_decay=0.01", "weight_decay=0.1",
    }  # fmt: skip
    with pytest.raises(LmgeoError, match=r"--set models\.0\.suite\.base\.clip=x, key models\[0\]\.suite\.base\.clip"):
        models(TEXT, f"{inside}.base.clip=x")


def test_untrained_twins_of_a_suite_are_told_from_its_runs() -> None:
    found = models(TEXT.replace("  - name: mine", "  - name: mine\n    untrained: [null, 0]"))
    assert [entry.untrained for entry in found[:4]] == [None, 0, None, 0]
    assert len(found) == 20


@pytest.mark.parametrize(
    ("old", "new", "what", "mend"),
    [
        ("batch_size: [2, 4, 8]", "batch_size: [2, 4]", "s.yaml:10, key models[0].suite.vary[0]: tokens has 3", "many"),
        ("      each:", "      eech:", "s.yaml:7, key models[0].suite.eech: unknown key", "did you mean 'each'"),
        ("size: [0.1M, 0.2M]", "szie: [0.1M]", "s.yaml:8, key models[0].suite.each.szie: unknown", "'size'"),
        ("size: [0.1M, 0.2M]", "size: [0.1M, 9M]", "there is no size '9M'", "choose one of: 0.1M"),
        ("size: [0.1M, 0.2M]", "width: [24, wide]", "s.yaml:8, key models[0].suite.each.width[1] is 'wide'", "correct"),
        ("size: [0.1M, 0.2M]", "width: [24, yes]", "s.yaml:8, key models[0].suite.each.width[1] is True", "number"),
        ("size: [0.1M, 0.2M]", "size: []", "s.yaml:8, key models[0].suite.each.size is [], not a list of", "[ ]"),
        ("size: [0.1M, 0.2M]", "size: 0.1M", "s.yaml:8, key models[0].suite.each.size is '0.1M', not a list", "[ ]"),
        ("size: [0.1M, 0.2M]", "seed: [0, 1]", "key models[0].suite.seeds: each has seeds too", "one"),
        ("size: [0.1M, 0.2M]", "weight_decay: [1]", "suite.vary[1].weight_decay stands under each too", "one of them"),
        ("weight_decay: [0.01, 0.1]", "wieght_decay: [1]", "s.yaml:11, key models[0].suite.vary[1].wieght", "weight"),
        ("weight_decay: [0.01, 0.1]", "weight_decay: [-1]", "suite.vary[1].weight_decay[0] is -1", "correct"),
        ("weight_decay: [0.01, 0.1]", "weight_decay: 0.1", "suite.vary[1].weight_decay is 0.1, not a list", "[ ]"),
        ("weight_decay: [0.01, 0.1]", "weight_decay: []", "suite.vary[1].weight_decay is [], not a list", "[ ]"),
        ("weight_decay: [0.01, 0.1]", "seed: [1, 2]", "suite.vary[1].seed is no choice", "seeds: [0, 1]"),
        ("weight_decay: [0.01, 0.1]", "even_checkpoints: [4]", "even_checkpoints does not change the model", "base"),
        ("weight_decay: [0.01, 0.1]", "keep_checkpoints: [true]", "does not change the model", "base"),
        ("weight_decay: [0.01, 0.1]", "steps: [4]", "suite.vary[1]: give steps or tokens, not both", "correct"),
        ("weight_decay: 0.1,\n", "wieght_decay: 0.1,\n", "s.yaml:5, key models[0].suite.base.wieght_decay", "weight"),
        ("weight_decay: 0.1,\n", "weight_decay: [1],\n", "s.yaml:5, key models[0].suite.base.weight_decay", "correct"),
        ("seeds: [0, 1]", "seeds: [0, -1]", "s.yaml:12, key models[0].suite.seeds[1] is -1", "correct"),
        ("seeds: [0, 1]", "seeds: [0, yes]", "s.yaml:12, key models[0].suite.seeds[1] is True", "number"),
        ("seeds: [0, 1]", "seeds: []", "key models[0].suite.seeds is [], not a list", "[ ]"),
        ("seeds: [0, 1]", "seeds: 3", "key models[0].suite.seeds is 3, not a list", "[ ]"),
        ("    suite:", "    famly: x\n    suite:", "s.yaml:4, key models[0].famly: unknown key", "'family'"),
    ],
)  # fmt: skip
def test_a_mistake_is_shown_with_its_line_and_mend(old: str, new: str, what: str, mend: str) -> None:
    assert old in TEXT
    with pytest.raises(LmgeoError) as raised:
        models(TEXT.replace(old, new, 1))
    assert what in raised.value.what
    assert mend in raised.value.mend


@pytest.mark.parametrize(
    ("block", "what"),
    [
        ("3", "is 3, not a block"),
        ("", "is None, not a block"),
        ("[base]", "is ['base'], not a block"),
        ("{base: 0}", "suite.base is 0, not a block"),
        ("{base: []}", "suite.base is [], not a block"),
        ("{each: []}", "suite.each is [], not a block"),
        ("{vary: {}}", "suite.vary is {}, not a list"),
        ("{vary: 0}", "suite.vary is 0, not a list"),
        ("{vary: [{}]}", "suite.vary[0] is {}, not a block"),
        ("{vary: [3]}", "suite.vary[0] is 3, not a block"),
    ],
)
def test_a_suite_of_the_wrong_shape_is_refused(block: str, what: str) -> None:
    with pytest.raises(LmgeoError) as raised:
        suite(block)
    assert what in raised.value.what
