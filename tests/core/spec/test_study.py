from __future__ import annotations

from typing import Any

import pytest

from lmgeo.core.errors import LmgeoError, SpecError, UnknownName
from lmgeo.core.spec.blocks import AnalyzeSpec, FinetuneSpec, MeasureSpec, RepresentSpec
from lmgeo.core.spec.document import parse_document
from lmgeo.core.spec.model import HubModel, PathModel, PretrainSpec
from lmgeo.core.spec.overrides import override
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.core.spec.study import StudySpec, parse_study

TEXT = """\
name: demo
threads: 1
models:
  - pretrain:
      architecture: [bert, modernbert]
      seed: [1, 2, 3]
    family: small
  - path: [one, two]
    untrained: [null, 0]
  - hf: bert-base-uncased@main
    name: BERT
perturb:
  - noise: {alpha: [0, 20], seed: [1, 2]}
represent:
  sites: [final, embeddings]
  tokens: [all, content]
measure:
  measures: ["pq_*", eee]
  protocol: [default, quickstart]
evaluate:
  tasks: [rte]
  seeds: [0, 1]
analyze:
  controls: [width]
"""


def study(text: str, *settings: str) -> StudySpec:
    document = parse_document(text, "s.yaml")
    override(document, list(settings))
    return parse_study(document, ["noise", "prune"])


def test_a_study_is_written_out() -> None:
    spec = study(TEXT)
    sources = [m.source for m in spec.models]
    assert sources[:6] == [PretrainSpec(architecture=a, seed=s) for a in ("bert", "modernbert") for s in (1, 2, 3)]
    assert sources[6:] == [PathModel(path=p) for p in ("one", "one", "two", "two")] + [
        HubModel(hf="bert-base-uncased@main")
    ]
    assert [m.untrained for m in spec.models] == [None] * 6 + [None, 0, None, 0, None]
    assert [(m.name, m.family) for m in spec.models[5::5]] == [(None, "small"), ("BERT", None)]
    assert spec.perturb == [("noise", {"alpha": [0, 20], "seed": [1, 2]}, ("perturb", 0, "noise"))]
    assert [(r.tokens, r.sites) for r in spec.represent] == [(t, ["final", "embeddings"]) for t in ("all", "content")]
    assert [m.protocol for m in spec.measure] == ["default", "quickstart"]
    (evaluate,) = spec.evaluate
    assert (evaluate.tasks, evaluate.seeds, evaluate.batch_size) == (["rte"], [0, 1], 32)
    assert spec.analyze.controls == ["width"]
    assert (spec.name, spec.threads) == ("demo", 1)


def test_the_least_study_has_every_default() -> None:
    spec = study("name: x\nmodels: [{path: m}]")
    assert spec.represent == [RepresentSpec()]
    assert spec.measure == [MeasureSpec()]
    assert spec.analyze == AnalyzeSpec()
    assert spec.evaluate == []
    assert spec.perturb == []


def test_settings_are_the_product_and_then_what_is_varied() -> None:
    text = "name: x\nmodels: [{path: m}]\nrepresent: {seed: [0, 1]}\nmeasure: {protocol: a}\n"
    varied = study(text + "vary:\n  - measure: {protocol: [b, c]}\n  - represent: {seed: 2, tokens: mean}\n")
    assert [(r.seed, r.tokens, m.protocol) for r, m in varied.settings] == [
        (0, "all", "a"), (1, "all", "a"),
        (0, "all", "b"), (0, "all", "c"), (1, "all", "b"), (1, "all", "c"),
        (2, "mean", "a"),
    ]  # fmt: skip
    assert [(r.seed, m.protocol) for r, m in study(text).settings] == [(0, "a"), (1, "a")]


@pytest.mark.parametrize(
    ("old", "new", "what", "mend"),
    [
        ("represent:", "reprsent:", "s.yaml:14, key reprsent: unknown key", "did you mean 'represent'?"),
        ("tokens: [all, content]", "tokens: [all, none]", "s.yaml:16, key represent.tokens is 'none'", "correct"),
        ("  sites:", "  site:", "s.yaml:15, key represent.site: unknown key", "did you mean 'sites'?"),
        ("tokens: [all, content]", "tokens: [all, contnt]", "represent.tokens is 'contnt'", "did you mean 'content'?"),
        ("noise:", "nois:", "unknown perturbation 'nois' in s.yaml:13", "did you mean 'noise'?"),
        ("- noise: {alpha: [0, 20], seed: [1, 2]}", "- noise: {}\n    alpha: 3", "unknown key 'alpha'", "one kind"),
        ("- noise: {alpha: [0, 20], seed: [1, 2]}", "- noise: {}\n    prune: {}", "holds noise and prune", "one"),
        ("[bert, modernbert]", "[bert, gpt]", "key models[0].pretrain.architecture is 'gpt'", "correct"),
        ("    family: small", "    famly: small", "key models[0].famly: unknown key", "did you mean 'family'?"),
        ("    family: small", "    family: 3", "key models[0].family is 3, not a name", "text"),
        ("    name: BERT", "    name: [a, b]", "key models[2].name is ['a', 'b'], not a name", "text"),
        ("    name: BERT", "    path: x", "models[2] holds", "one model source"),
        ("path: [one, two]", "path: []", "key models[1].path is an empty list", "at least one"),
        ("path: [one, two]", "pth: x", "unknown model source 'pth' in s.yaml:8", "did you mean 'path'?"),
        ("path: [one, two]", "path: 5", "key models[1].path is 5", "correct"),
        ("untrained: [null, 0]", "untrained: [yes]", "key models[1].untrained is True", "seed"),
        ("untrained: [null, 0]", "untrained: []", "key models[1].untrained is an empty list", "seed"),
        ("name: demo", "name: a/b", "s.yaml:1, key name is 'a/b'", "letters"),
        ("name: demo", "name: ../x", "key name is '../x'", "letters"),
        ("name: demo", "title: demo", "unknown key 'title'", "choose one of"),
        ("name: demo\n", "", "key name is None", "letters"),
        ("threads: 1", "threads: 0", "key threads is 0", "1 or more"),
        ("threads: 1", "threads: true", "key threads is True", "1 or more"),
        ("threads: 1", f"threads: {10**24}", "key threads is 1000000000000000000000000", "256 at most"),
        ("  tasks: [rte]\n", "", "key evaluate.tasks is missing", "add 'tasks'"),
        ("tasks: [rte]", "tasks: []", "key evaluate.tasks is []", "correct"),
        ("seeds: [0, 1]", "seeds: 0", "key evaluate.seeds is 0", "correct"),
        ("analyze:\n  controls: [width]", "analyze: 3", "key analyze is 3, not a block", "controls"),
        (
            "represent:\n  sites: [final, embeddings]\n  tokens: [all, content]",
            "represent: all",
            "not a block",
            "sites",
        ),
    ],
)
def test_a_mistake_is_shown_with_its_line_and_mend(old: str, new: str, what: str, mend: str) -> None:
    assert old in TEXT
    with pytest.raises(LmgeoError) as raised:
        study(TEXT.replace(old, new, 1))
    assert what in raised.value.what
    assert mend in raised.value.mend


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("", "holds no study"),
        ("- a", "holds no study"),
        ("name: x", "key models is missing or empty"),
        ("name: x\nmodels: []", "key models is missing or empty"),
        ("name: x\nmodels: {path: m}", "key models is not a list"),
        ("name: x\nmodels: [m]", "is 'm', not a block"),
        ("name: x\nmodels: [{}]", "unknown model source ''"),
        ("name: x\nmodels: [{pretrain: 3}]", "is 3, not a block"),
        ("name: x\nmodels: [{path: m}]\nperturb: {noise: {}}", "key perturb is not a list"),
    ],
)
def test_a_study_of_the_wrong_shape_is_refused(text: str, what: str) -> None:
    with pytest.raises(LmgeoError) as raised:
        study(text)
    assert what in raised.value.what


@pytest.mark.parametrize(
    ("setting", "attribute", "value"),
    [
        ("threads=3", "threads", 3),
        ("name=other", "name", "other"),
        ("analyze.by=family", "analyze", AnalyzeSpec(by="family", controls=["width"])),
        ("analyze.filter=a == 1", "analyze", AnalyzeSpec(filter="a == 1", controls=["width"])),
        ("represent.tokens=[last]", "represent", [RepresentSpec(sites=["final", "embeddings"], tokens="last")]),
        ("perturb.0.noise.alpha=5", "perturb", [("noise", {"alpha": 5, "seed": [1, 2]}, ("perturb", 0, "noise"))]),
        ("perturb=[]", "perturb", []),
        ("evaluate=", "evaluate", []),
    ],
)
def test_an_override_reaches_its_place(setting: str, attribute: str, value: Any) -> None:
    assert getattr(study(TEXT, setting), attribute) == value


def test_the_last_override_wins() -> None:
    assert study(TEXT, "threads=3", "threads=4").threads == 4


@pytest.mark.parametrize("text", ["name: x\nmodels: [{path: m}]", "name: x\nmodels: [{path: m}]\nrepresent:"])
def test_an_override_makes_the_block_it_needs(text: str) -> None:
    assert study(text, "represent.sequences=7").represent == [RepresentSpec(sequences=7)]


def test_a_study_may_be_made_of_overrides_alone() -> None:
    assert study("", "name=x", "models=[{path: m}]").name == "x"


@pytest.mark.parametrize(
    ("setting", "what"),
    [
        ("threads", "has no key=value"),
        ("=3", "has no key=value"),
        ("a=[1", "is not valid YAML"),
        ("a=!!python/name:os.system", "python/name"),
        ("a={b: 1, b: 2}", "stands twice"),
        ("a=" + "1" * 5000, "--set"),
        ("models.9.path=x", "nothing at models[9]"),
        ("models.²=x", "nothing to set at models.²"),
        ("models.-1=x", "nothing to set at models.-1"),
        ("models.x.y=1", "nothing at models.x"),
        ("name.x=1", "nothing to set at name.x"),
        ("name.x.y=1", "nothing at name.x"),
        ("represent.sequnces=1", "--set represent.sequnces=1, key represent.sequnces: unknown key"),
        ("reprsent.sequences=1", "unknown key 'reprsent'"),
        ("represent.sequences=0", "--set represent.sequences=0, key represent.sequences is 0"),
        ("models.0.pretrain.width=wide", "--set models.0.pretrain.width=wide, key models[0].pretrain.width is 'wide'"),
    ],
)
def test_a_wrong_override_is_named(setting: str, what: str) -> None:
    with pytest.raises(SpecError) as raised:
        study(TEXT, setting)
    assert what in raised.value.what
    assert len(raised.value.what) < 6000


def test_the_names_of_kinds_come_from_outside() -> None:
    document = parse_document("name: x\nmodels: [{path: m}]\nperturb: [{quantize: {bits: 4}}]", "s.yaml")
    assert parse_study(document, ["quantize"]).perturb[0][0] == "quantize"
    with pytest.raises(UnknownName):
        parse_study(document, ["noise"])


def test_the_defaults_are_those_written_down() -> None:
    """They enter keys: a change of one changes every result made by default."""
    assert RepresentSpec().resolved() == {
        "corpus": "pydocs", "sequences": 1000, "sampling": "uniform", "sites": ["final"], "tokens": "all", "seed": 0,
        "products": "float64",
    }  # fmt: skip
    assert FinetuneSpec().resolved() == {
        "epochs": 3.0, "learning_rate": 2e-5, "batch_size": 32, "max_length": 128,
        "warmup_fraction": 0.0, "weight_decay": 0.0,
    }  # fmt: skip


def test_a_protocol_counts_its_cells() -> None:
    assert QuantizerProtocol(name="p").cells == 256
    assert QuantizerProtocol(name="p", bits=5).cells == 32
