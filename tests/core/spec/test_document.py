from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lmgeo.core.errors import SpecError
from lmgeo.core.spec.document import MOST_VALUES, dotted, parse_document, read_document

TEXT = """\
name: demo

models:
  - pretrain:
      width: 64
      layers: [1, 2]
  - path: a folder
represent: {sites: [final,
                    embeddings]}
"""


def test_values_are_plain() -> None:
    assert parse_document(TEXT, "s.yaml").value == {
        "name": "demo",
        "models": [{"pretrain": {"width": 64, "layers": [1, 2]}}, {"path": "a folder"}],
        "represent": {"sites": ["final", "embeddings"]},
    }


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ((), 1),
        (("name",), 1),
        (("models",), 3),
        (("models", 0), 4),
        (("models", 0, "pretrain"), 4),
        (("models", 0, "pretrain", "layers"), 6),
        (("models", 0, "pretrain", "layers", 1), 6),
        (("models", 1, "path"), 7),
        (("represent", "sites", 1), 9),
    ],
)
def test_each_value_knows_its_line(path: tuple[str | int, ...], line: int) -> None:
    document = parse_document(TEXT, "s.yaml")
    assert document.lines[path] == line
    assert document.where(path).startswith(f"s.yaml:{line}")


def test_where_falls_back_to_the_nearest_line() -> None:
    document = parse_document(TEXT, "s.yaml")
    assert document.where(("models", 0, "pretrain", "width")) == "s.yaml:5, key models[0].pretrain.width"
    assert document.where(("models", 0, "pretrain", "depth")) == "s.yaml:4, key models[0].pretrain.depth"
    assert document.where(("nothing", "here")) == "s.yaml:1, key nothing.here"
    assert parse_document("", "s.yaml").where(("name",)) == "s.yaml, key name"


def test_dotted() -> None:
    assert dotted(("a", "b", 0, "c")) == "a.b[0].c"
    assert dotted((0, "a", 1, 2)) == "[0].a[1][2]"
    assert dotted(()) == ""


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("# nothing", None),
        ("a:", {"a": None}),
        ("on: 1\nno: 2\n1: 3\n~: 4", {"on": 1, "no": 2, "1": 3, "~": 4}),
        ("a: 2024-01-01", {"a": "2024-01-01"}),
        ("a: 2024-13-45", {"a": "2024-13-45"}),
        ("a: !!str 5", {"a": "5"}),
        ("a: &x [1, 2]\nb: *x", {"a": [1, 2], "b": [1, 2]}),
        ("\ufeffa: 1", {"a": 1}),
        ("{}", {}),
        ('{"a": [true, null, 1.5, "x"]}', {"a": [True, None, 1.5, "x"]}),
    ],
)
def test_unusual_documents_are_read_as_they_are_written(text: str, value: object) -> None:
    assert parse_document(text, "s.yaml").value == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: 1\nb: 2\na: 3", r"s\.yaml:3, key a stands twice"),
        ("x:\n  - a: 1\n    a: 1", r"s\.yaml:3, key x\[0\]\.a stands twice"),
        ("1: a\n'1': b", "stands twice"),
        ("a: 1\nb: !!python/object/apply:os.system ['true']", r"s\.yaml:2.*tag"),
        ("a: !!python/object:builtins.object {}", r"s\.yaml:1.*tag"),
        ("a: !!python/name:os.system", "python/name"),
        ("!!python/name:os.system x: 1", "python/name"),
        ("a: !mine x", "mine"),
        ("a: !mine [1]", "mine"),
        ("a: !!set {x}", "tag"),
        ("a: !!binary aGk=", "tag"),
        ("a: !!int many", r"s\.yaml:1"),
        ("a: " + "1" * 5000, r"s\.yaml:1"),
        ("base: &b {x: 1}\na:\n  <<: *b", r"s\.yaml:3"),
        ("? [1, 2]\n: x", "no word"),
        ("{{a: 1}: x}", "no word"),
        ("a: [1, 2", "not valid YAML"),
        ("a: b: c", "not valid YAML"),
        ("a: 1\n---\nb: 2", "not valid YAML"),
        ("a: *nothing", "not valid YAML"),
        ("a: \x00", "not valid YAML"),
        ("\tb: 1", "not valid YAML"),
        ("[" * 600, "not valid YAML|too deeply"),
        ("[" * 600 + "]" * 600, "too deeply"),
        ("a: &a [*a]", "holds itself"),
        ("a: &a\n  b: *a", "holds itself"),
    ],
)
def test_hostile_documents_are_refused(text: str, said: str) -> None:
    with pytest.raises(SpecError, match=said) as raised:
        parse_document(text, "s.yaml")
    assert raised.value.mend


def test_aliases_of_aliases_do_not_fill_the_memory() -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 9)]
    with pytest.raises(SpecError, match=f"over {MOST_VALUES:,} values"):
        parse_document("\n".join(layers), "s.yaml")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_in_words(text: str) -> None:
    try:
        value = parse_document(text, "s.yaml").value
    except SpecError:
        return
    assert value is None or isinstance(value, str | int | float | bool | list | dict)


def test_a_file_is_read_with_its_name(tmp_path: Path) -> None:
    path = tmp_path / "study.yaml"
    path.write_text(TEXT, encoding="utf-8")
    assert read_document(path).source == str(path)
    assert read_document(path).value["name"] == "demo"


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"name: caf\xe9")
    for name in ("missing.yaml", "latin.yaml", "."):
        with pytest.raises(SpecError, match="cannot read") as raised:
            read_document(tmp_path / name)
        assert str(tmp_path / name) in raised.value.what
