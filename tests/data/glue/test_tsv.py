"""GLUE's own files: odd rows, hostile bytes, and complaints with file and line."""

from __future__ import annotations

from pathlib import Path

import pytest

from lmgeo.core.errors import SpecError
from lmgeo.data.tasks import load_task, task_identity

RTE = "index\tsentence1\tsentence2\tlabel\n"
GOOD = "0\tA man.\tA dog.\tentailment\n"
QQP = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n"


def rte(root: Path, train: bytes | str, dev: bytes | str = RTE + GOOD) -> str:
    return folder(root, "RTE", train, dev)


def folder(root: Path, name: str, train: bytes | str, dev: bytes | str, dev_name: str = "dev") -> str:
    (root / name).mkdir()
    for stem, content in (("train", train), (dev_name, dev)):
        (root / name / f"{stem}.tsv").write_bytes(content if isinstance(content, bytes) else content.encode())
    return str(root)


@pytest.mark.parametrize(
    "raw",
    [
        (RTE + GOOD).encode(),
        (RTE + GOOD).encode()[:-1],
        (RTE + GOOD).replace("\n", "\r\n").encode(),
        b"\xef\xbb\xbf" + (RTE + GOOD).encode(),
        (RTE + "\n" + GOOD + "\n").encode(),
    ],
)
def test_endings_marks_and_blank_lines_do_not_matter(tmp_path: Path, raw: bytes) -> None:
    train = load_task("rte", rte(tmp_path, raw)).train
    assert (train.first, train.second, train.labels.tolist()) == (["A man."], ["A dog."], [0])


def test_quotes_nul_and_odd_separators_are_characters(tmp_path: Path) -> None:
    text = 'He said "no\x00 and\u2028 left'
    train = load_task("rte", rte(tmp_path, f'{RTE}0\t{text}\t"\tnot_entailment\n{GOOD}')).train
    assert train.first == [text, "A man."]
    assert train.second == ['"', "A dog."]


@pytest.mark.parametrize(
    ("train", "what", "mend"),
    [
        ("", "train.tsv:1: the header lacks 'sentence1'", "sentence1, sentence2, label"),
        (RTE, "train.tsv holds no rows", "RTE"),
        ("\n\n", "train.tsv:1: the header lacks", "header"),
        ("index\tsentence1\tlabel\n" + GOOD, "the header lacks 'sentence2' (it has index", "header"),
        (RTE + GOOD + "1\tA man.\n", "train.tsv:3: 2 fields, not 4", "one tab"),
        (RTE + GOOD + "1\tA\tman.\tA dog.\tentailment\n", "train.tsv:3: 5 fields, not 4", "one tab"),
        (RTE + "0\tA man.\tA dog.\tmaybe\n", "train.tsv:2: unknown label 'maybe'", "'entailment', 'not_entailment'"),
        (RTE + "0\tA man.\tA dog.\t\n", "train.tsv:2: unknown label ''", "'entailment'"),
        ((RTE + GOOD).encode() + b"1\tcaf\xe9\tx\tentailment\n", "train.tsv:3: byte 0xe9", "UTF-8"),
    ],
)
def test_faults_are_named_with_file_and_line(tmp_path: Path, train: bytes | str, what: str, mend: str) -> None:
    with pytest.raises(SpecError) as caught:
        load_task("rte", rte(tmp_path, train))
    assert what in caught.value.what
    assert mend in caught.value.mend


def test_cola_has_no_header(tmp_path: Path) -> None:
    data = load_task("cola", folder(tmp_path, "CoLA", "gj04\t1\t\tIt runs.\ngj04\t0\t*\tRuns it the.\n", "a\t1\t\tx\n"))
    assert data.train.first == ["It runs.", "Runs it the."]
    assert data.train.second is None
    assert data.train.labels.tolist() == [1, 0]


def test_an_empty_cola_file_holds_no_rows(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no rows"):
        load_task("cola", folder(tmp_path, "CoLA", "", "a\t1\t\tx\n"))


def test_mrpc_with_its_byte_order_mark(tmp_path: Path) -> None:
    raw = "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t1\t2\tOne.\tUn.\n"
    data = load_task("mrpc", folder(tmp_path, "MRPC", raw, raw))
    assert (data.dev.first, data.dev.second, data.dev.labels.tolist()) == (["One."], ["Un."], [1])


@pytest.mark.parametrize("score", ["high", "nan", "", "5.5", "-1", "inf"])
def test_a_score_that_is_none(tmp_path: Path, score: str) -> None:
    raw = f"index\tsentence1\tsentence2\tscore\n0\ta\tb\t2.5\n1\ta\tb\t{score}\n"
    with pytest.raises(SpecError, match=r"train\.tsv:3: the score is") as caught:
        load_task("stsb", folder(tmp_path, "STS-B", raw, raw))
    assert caught.value.mend == "scores are numbers from 0 to 5"


def test_qqp_skips_rows_that_lack_fields_and_counts_them(tmp_path: Path) -> None:
    rows = "1\t1\t2\tWhy?\tWhy so?\t1\n2\t3\t4\tbroken\n\n3\t5\t6\tHow?\tWho?\t0\n"
    data = load_task("qqp", folder(tmp_path, "QQP", QQP + rows, QQP + rows.replace("2\t3\t4\tbroken\n", "")))
    assert data.train.labels.tolist() == [1, 0]
    assert data.notes == ["QQP/train.tsv: skipped 1 rows that lack fields"]


def test_qqp_with_nothing_but_broken_rows(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="holds no rows"):
        load_task("qqp", folder(tmp_path, "QQP", QQP + "1\t2\n", QQP))


def test_mnli_is_the_matched_part(tmp_path: Path) -> None:
    train = "index\tsentence1\tsentence2\tlabel1\tgold_label\n0\ta\tb\tneutral\tcontradiction\n"
    dev = "index\tsentence1\tsentence2\tlabel1\tlabel2\tgold_label\n0\ta\tb\tneutral\tneutral\tentailment\n"
    data = load_task("mnli", folder(tmp_path, "MNLI", train, dev, "dev_matched"))
    assert (data.train.labels.tolist(), data.dev.labels.tolist()) == ([2], [0])


def test_places_that_are_missing_are_named(tmp_path: Path) -> None:
    for data, what in [
        (None, "needs GLUE's data"),
        (" ", "needs GLUE's data"),
        (str(tmp_path / "no"), "there is no folder"),
        (str(tmp_path), str(tmp_path / "RTE")),
    ]:
        with pytest.raises(SpecError) as caught:
            load_task("rte", data)
        assert what in caught.value.what
        assert "train.tsv" in caught.value.mend
        assert ("--data DIR" in caught.value.mend and "`data: DIR`" in caught.value.mend) or "needs" not in what
    (tmp_path / "RTE").mkdir()
    with pytest.raises(SpecError) as caught:
        task_identity("rte", str(tmp_path))
    assert str(tmp_path / "RTE" / "train.tsv") in caught.value.what


def test_the_task_folder_itself_is_told_to_be_one_too_deep(tmp_path: Path) -> None:
    root = rte(tmp_path, RTE + GOOD)
    with pytest.raises(SpecError) as caught:
        load_task("rte", f"{root}/RTE")
    assert "the folder above RTE" in caught.value.mend


def test_identity_follows_bytes_and_no_path(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    (tmp_path / "c").mkdir()
    a, b = rte(tmp_path / "a", RTE + GOOD), rte(tmp_path / "b", RTE + GOOD)
    c = rte(tmp_path / "c", RTE + GOOD + GOOD)
    assert task_identity("rte", a) == task_identity("rte", b) != task_identity("rte", c)
    assert load_task("rte", a).content == load_task("rte", b).content != load_task("rte", c).content
    assert str(tmp_path) not in str(task_identity("rte", a))


@pytest.mark.shared
@pytest.mark.parametrize(
    ("name", "n_train", "n_dev"),
    [
        ("cola", 8_551, 1_043),
        ("sst2", 67_349, 872),
        ("mrpc", 3_668, 408),
        ("stsb", 5_749, 1_500),
        ("rte", 2_490, 277),
        ("wnli", 635, 71),
    ],
)
def test_official_counts_and_rows(shared: Path, name: str, n_train: int, n_dev: int) -> None:
    data = load_task(name, str(shared / "data" / "glue"))
    assert (len(data.train), len(data.dev)) == (n_train, n_dev)
    assert (data.train.second is None) == (data.task.kind == "single")
    assert data.notes == []
    if data.task.labels is not None:
        assert set(data.dev.labels.tolist()) == set(range(len(data.task.labels)))


@pytest.mark.shared
def test_real_rows_keep_their_quotes(shared: Path) -> None:
    data = load_task("mrpc", str(shared / "data" / "glue"))
    assert data.train.first[0].startswith('Amrozi accused his brother, whom he called "the witness"')
    assert data.dev.second is not None
    assert data.dev.second[0].startswith('"The foodservice')
    assert round(data.train.labels.mean(), 4) == 0.6745  # published share of equivalent pairs
