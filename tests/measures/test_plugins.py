"""A user's own file of measures: found everywhere, told apart by its hash, never taking others down."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

import lmgeo
import lmgeo.core.plugins as core
from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.registry import Registry
from lmgeo.core.spec.protocol import QuantizerProtocol
from lmgeo.measures.compute import measure_cloud
from lmgeo.measures.declare import MEASURES
from lmgeo.measures.matrices import measure_matrix
from lmgeo.measures.plugins import load_plugins
from lmgeo.study.wanted import measure_identity

ROOT = Path(__file__).resolve().parents[2]
EXAMPLE = ROOT / "examples" / "my_measure.py"
SMALL = QuantizerProtocol(name="small", codebooks=2, bits=2, seeds=2, threads=1, lsq_iterations=2)
X = np.random.default_rng(0).normal(size=(200, 6))
HEAD = """from lmgeo.api.plugins import Moments, Rows, Valued, NotEnoughData, measure
declared = dict(unit="1", range=(None, None), keeps=(), direction="higher = more")
"""
BODY = HEAD + "@measure(state=Rows, **declared)\ndef mine(m):\n    'A line.'\n    return {}\n"


@pytest.fixture(autouse=True)
def _clean() -> Iterator[None]:
    yield
    core.unload_plugins()


@pytest.fixture
def write(tmp_path: Path):
    def write(text: str, name: str = "plugin.py") -> Path:
        path = tmp_path / name
        path.write_text(text)
        return path

    return write


def found(name: str = "mine"):
    return measure_cloud(X, [name, "eee"], SMALL, 0)


def test_the_example_is_measured_as_it_says() -> None:
    load_plugins([EXAMPLE])
    values = measure_cloud(X, ["top_share", "longest_row"], SMALL, 0)
    eigenvalues = np.linalg.eigvalsh(np.cov(X.T))
    norms = np.linalg.norm(X, axis=1)
    assert values["top_share"].value == pytest.approx(eigenvalues[-1] / eigenvalues.sum())
    assert values["longest_row"].value == pytest.approx(norms.max() / np.median(norms))
    assert values["longest_row"].details["row"] == norms.argmax()
    assert values["top_share"].spread is not None
    assert values["top_share"].range == (0, 1)


@pytest.mark.parametrize("kind", ["shift", "rotation", "scale", "duplicate"])
def test_the_example_keeps_what_it_declares(kind: str) -> None:
    load_plugins([EXAMPLE])
    rotation = np.linalg.qr(np.random.default_rng(1).normal(size=(6, 6)))[0]
    changed = {"shift": X + 7, "rotation": X @ rotation, "scale": 3 * X, "duplicate": np.vstack([X, X])}[kind]
    for name in ("top_share", "longest_row"):
        before, after = (measure_cloud(cloud, [name], SMALL, 0)[name].value for cloud in (X, changed))
        assert (after == pytest.approx(before)) == (kind in MEASURES[name].keeps)


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "custom-measures.md").read_text(encoding="utf-8")
    assert re.findall(r"```python\n(.*?)```", page, re.DOTALL) == [EXAMPLE.read_text(encoding="utf-8")]


def test_the_hash_enters_the_key_and_an_edit_is_another_result(write) -> None:
    load_plugins([write(BODY.format(1))])
    assert found()["mine"].value == 1
    first = measure_identity("mine", "default", 0)
    load_plugins([write(BODY.format(2))])
    assert found()["mine"].value == 2
    second = measure_identity("mine", "default", 0)
    assert first["origin"].startswith("sha256:")
    assert first["origin"] != second["origin"]
    assert "origin" not in measure_identity("eee", "default", 0)


def test_the_same_bytes_run_once(write, capsys: pytest.CaptureFixture[str]) -> None:
    text = BODY.format(1) + "print('running')\n"
    load_plugins([write(text), write(text), write(text, "copy.py")])
    out, err = capsys.readouterr()
    assert (out, err) == ("", "running\n")
    assert [file.path for file in core.loaded_plugins()] == [str(write(text).resolve())]


def test_nothing_is_left_beside_it(write) -> None:
    path = write(BODY.format(1))
    load_plugins([path])
    assert [p.name for p in path.parent.iterdir()] == ["plugin.py"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("x = = 1\n", "line 1: SyntaxError"),
        ("\n\nimport nothing_of_this_name\n", "line 3: ModuleNotFoundError"),
        (HEAD + "def f():\n    return 1 / 0\n\nf()\n", "line 4: ZeroDivisionError"),
        ("import sys\nsys.exit(3)\n", "line 2: SystemExit"),
        ("x = 1\n", "declares no measure"),
        ("", "declares no measure"),
        (BODY.format(1).replace("def mine", "def eee"), "line 3: two measures are called 'eee'"),
        (BODY.format(1).replace("'A line.'", ""), "line 3: measure 'mine' has no docstring"),
        (HEAD + "@measure(state=Rows)\ndef mine(m):\n    'A line.'\n", "line 3: TypeError"),
        (BODY.format(1).replace("range=(None, None)", "range=(0,)"), "range"),
        (BODY.format(1).replace("state=Rows", "state=Rows, name='a.b'"), "line 3: measure 'a.b' has a name of other"),
        (BODY.format(1).replace("state=Rows", "state=dict"), "reads 'dict', which is no state"),
        ("from lmgeo.numerics.quantizers.quantization import Quantization as Rows\n"
         + BODY.format(1).replace("Rows, ", "", 1), "names no quantizer"),
        ("x = '\0'\n", "plugin.py"),
        ("# -*- coding: utf-8 -*-\nx = '\udcff'\n", "plugin.py"),
    ],
)  # fmt: skip
def test_a_bad_plugin_is_told_by_its_line_and_leaves_nothing(write, text: str, said: str, tmp_path: Path) -> None:
    before, modules = list(MEASURES), set(sys.modules)
    path = tmp_path / "plugin.py"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(SpecError) as caught:
        load_plugins([path])
    assert said in caught.value.what
    assert str(path) in caught.value.what
    assert list(MEASURES) == before
    assert not {m for m in set(sys.modules) - modules if m.startswith("lmgeo_plugin")}
    assert core.loaded_plugins() == []


def test_a_broken_edit_leaves_the_plugin_as_it_was(write) -> None:
    load_plugins([write(BODY.format(1))])
    with pytest.raises(SpecError, match="SyntaxError"):
        load_plugins([write("def")])
    assert found()["mine"].value == 1


def test_two_plugins_may_not_share_a_name(write) -> None:
    with pytest.raises(SpecError, match=r"other\.py, line 3: two measures are called 'mine'"):
        load_plugins([write(BODY.format(1)), write(BODY.format(2), "other.py")])
    assert found()["mine"].value == 1


@pytest.mark.parametrize(("name", "said"), [("none.py", "not there"), ("", "a folder"), ("cloud.npy", "no .py file")])
def test_what_is_no_plugin_file(tmp_path: Path, name: str, said: str) -> None:
    (tmp_path / "cloud.npy").write_bytes(b"")
    with pytest.raises(SpecError, match=said):
        load_plugins([tmp_path / name])


@pytest.mark.parametrize(
    ("returned", "said"),
    [
        ("1 / 0", r"it raised ZeroDivisionError: division by zero \(plugin.py, line 6\)"),
        ("m.nothing", "it raised AttributeError"),
        ("'text'", "it gave a str, not a number"),
        ("'3'", "it gave a str, not a number"),
        ("10**400", "it gave a int, not a number"),
        ("exit(3)", "it raised SystemExit: 3"),
        ("(_ for _ in ()).throw(SystemExit)", "it raised SystemExit"),
        ("None", "it gave a NoneType"),
        ("float('nan')", "it came out as nan"),
        ("Valued(float('inf'))", "it came out as inf"),
        ("Valued(1.0, {'x': object()})", "its details are not plain"),
        ("Valued(1.0, {'x': float('nan')})", "its details are not plain"),
        ("(_ for _ in ()).throw(NotEnoughData('too few', 'give more'))", "too few; give more"),
    ],
)
def test_a_measure_that_fails_is_null_with_the_reason_and_others_go_on(write, returned: str, said: str) -> None:
    load_plugins([write(BODY.format(returned))])
    values = found()
    assert values["mine"].value is None
    assert re.search(said, str(values["mine"].reason))
    assert values["eee"].value is not None


def test_a_value_outside_the_range_it_declares_is_none(write) -> None:
    text = BODY.replace("state=Rows, **declared", "state=Rows, **dict(declared, range=(0, 1))")
    load_plugins([write(text.format("7.0"))])
    assert found()["mine"].value is None
    assert found()["mine"].reason == "came out as 7, outside of its range 0 … 1; mend the plugin"
    load_plugins([write(text.format("1 + 1e-12"))])
    assert found()["mine"].value == pytest.approx(1.0)


def test_a_measure_of_the_mean_has_no_spread_rather_than_a_wrong_one(write) -> None:
    text = BODY.replace("state=Rows", "state=Moments, matrix=True").format("m.mean[0] + m.scatter[0, 0]")
    load_plugins([write(text)])
    value = found()["mine"]
    assert value.value == pytest.approx(X[:, 0].mean() + X[:, 0].var() * len(X))
    assert value.spread is None
    assert "the spectrum alone is known here" in value.details["no_spread"]
    of_matrix = measure_matrix(X, ["mine"])["mine"]
    assert of_matrix.value is None
    assert "the spectrum alone is known here" in of_matrix.reason


def test_numpys_numbers_become_plain(write, capsys: pytest.CaptureFixture[str]) -> None:
    returned = "print('x') or Valued(2.0, {'a': np.arange(3), 'b': np.float32(1)})"
    load_plugins([write("import numpy as np\n" + BODY.format(returned))])
    assert found()["mine"].details["a"] == [0, 1, 2]
    assert found()["mine"].details["b"] == 1.0
    json.dumps(found()["mine"].to_json(), allow_nan=False)
    assert capsys.readouterr().out == ""


def test_a_plugin_of_cells_is_taken_of_its_quantizer(write) -> None:
    head = "from lmgeo.numerics.quantizers.quantization import Quantization\n"
    text = BODY.format("(m.counts == 0).mean()").replace("state=Rows", "state=Quantization, prefixes=('pq_', 'lsq_')")
    load_plugins([write(head + text)])
    values = measure_cloud(X, ["pq_mine", "lsq_mine", "pq_error"], SMALL, 0)
    assert all(m.value is not None for m in values.values())
    assert values["lsq_mine"].seeds == 2
    assert "protocol" in measure_identity("pq_mine", "default", 0)


def test_plugins_and_dataclasses(write) -> None:
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\n" + BODY.format("Pair(1, 2).a")
    load_plugins([write(text + "@dataclass\nclass Pair:\n    a: float\n    b: float\n")])
    assert found()["mine"].value == 1


def test_an_installed_package_adds_its_measures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a_package_of_measures.py").write_text(BODY.format(5).replace("mine", "theirs"))
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("theirs", "a_package_of_measures", "lmgeo.measures")
    point = point._for(SimpleNamespace(name="measures-of-theirs", version="1.2"))
    try:
        core.load_installed(point)
        assert measure_identity("theirs", "default", 0)["origin"] == "measures-of-theirs==1.2"
        assert found("theirs")["theirs"].value == 5
    finally:
        MEASURES.forget("theirs")


def test_a_broken_package_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "a_broken_package.py").write_text("\n1 / 0\n")
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("x", "a_broken_package", "lmgeo.measures")._for(SimpleNamespace(name="broken", version="3"))
    monkeypatch.setattr("importlib.metadata.entry_points", lambda group: [point])
    registry: Registry[object] = Registry("thing", "lmgeo.measures", group="lmgeo.measures")
    with pytest.raises(SpecError, match=r"broken==3, entry point 'x' \(.*a_broken_package.py, line 2\): ZeroDivision"):
        list(registry)


def test_a_package_that_is_installed_needs_no_option(tmp_path: Path) -> None:
    (tmp_path / "measures_of_theirs.py").write_text(BODY.format(5).replace("mine", "theirs"))
    folder = tmp_path / "theirs-1.2.dist-info"
    folder.mkdir()
    (folder / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.2\n")
    (folder / "entry_points.txt").write_text("[lmgeo.measures]\ntheirs = measures_of_theirs\n")
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    command = [sys.executable, "-m", "lmgeo", "list", "measures", "--json"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert {e["name"]: e["origin"] for e in json.loads(done.stdout)}["theirs"] == "theirs==1.2"


def test_plugins_are_named_in_python_too(tmp_path: Path, write) -> None:
    np.save(tmp_path / "x.npy", X)
    assert lmgeo.measure(X, ["mine"], plugins=write(BODY.format(1)))["mine"].value == 1
    found = lmgeo.measure_file(tmp_path / "x.npy", ["mine"], plugins=[write(BODY.format(2))])
    assert found["objects"]["cloud"]["measures"]["mine"]["value"] == 2
    lmgeo.load_plugins(str(write(BODY.format(3))))
    assert lmgeo.measure(X, ["mine"])["mine"].value == 3


def test_a_comparison_of_ones_own(write) -> None:
    text = BODY.format("abs(m.joint().scatter[m.joint().sides]).sum()").replace("measure(", "comparison(")
    load_plugins(
        [
            write(
                text.replace("Rows, Valued", "CoMoments, Rows, Valued, comparison").replace(
                    "state=Rows", "state=CoMoments"
                )
            )
        ]
    )
    centred = X - X.mean(axis=0)
    expected = np.abs(centred[:, :2].T @ centred[:, 2:]).sum()
    compared = lmgeo.compare(X[:, :2], X[:, 2:], ["mine", "cka"])["measures"]
    assert compared["mine"]["value"] == pytest.approx(expected)
    assert compared["cka"]["value"] is not None


def test_an_unknown_measure_stays_unknown() -> None:
    with pytest.raises(UnknownName):
        found()
