"""Parquet files and the hub's copy give the same examples as GLUE's own files."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from lmgeo.core.errors import SpecError
from lmgeo.data.glue import hub
from lmgeo.data.glue.places import open_split
from lmgeo.data.tasks import TASKS, load_task, task_identity

ROWS = {"sentence1": ["a", "b"], "sentence2": ["c", "d"], "label": [0, 1], "idx": [0, 1]}


def write(path: Path, rows: dict[str, list[Any]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(rows), path)


@pytest.mark.parametrize("folder", ["RTE", "rte"])
@pytest.mark.parametrize("dev", ["validation.parquet", "dev.parquet", "validation-00000-of-00001.parquet"])
def test_parquet_with_the_hubs_columns(tmp_path: Path, folder: str, dev: str) -> None:
    write(tmp_path / folder / "train-00000-of-00002.parquet", ROWS)
    write(tmp_path / folder / "train-00001-of-00002.parquet", {**ROWS, "sentence1": ["e", "f"]})
    write(tmp_path / folder / dev, ROWS)
    data = load_task("rte", str(tmp_path))
    assert data.train.first == ["a", "b", "e", "f"]
    assert data.dev.second == ["c", "d"]
    np.testing.assert_array_equal(data.dev.labels, [0, 1])
    assert task_identity("rte", str(tmp_path))["data"]["train"]


def test_mnli_takes_the_matched_part(tmp_path: Path) -> None:
    rows = {"premise": ["a"], "hypothesis": ["b"], "label": [2]}
    for stem in ("train", "validation_mismatched", "validation_matched"):
        write(tmp_path / "MNLI" / f"{stem}.parquet", {**rows, "premise": [stem]})
    assert load_task("mnli", str(tmp_path)).dev.first == ["validation_matched"]


def test_the_tab_separated_file_comes_first(tmp_path: Path) -> None:
    write(tmp_path / "SST-2" / "train.parquet", {"sentence": ["parquet"], "label": [1]})
    for stem in ("train", "dev"):
        (tmp_path / "SST-2" / f"{stem}.tsv").write_text("sentence\tlabel\ntsv\t0\n")
    assert load_task("sst2", str(tmp_path)).train.first == ["tsv"]


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"label": [0, -1]}, "row 1: the label is -1"),
        ({"label": [0, 2]}, "row 1: the label is 2"),
        ({"label": [None, 1]}, "row 0: the label is None"),
        ({"label": ["entailment", "what"]}, "row 1: unknown label 'what'"),
        ({"sentence1": ["a", None]}, "row 1: None is no text"),
    ],
)
def test_parquet_faults_are_named(tmp_path: Path, change: dict[str, list[Any]], what: str) -> None:
    for stem in ("train", "validation"):
        write(tmp_path / "RTE" / f"{stem}.parquet", {**ROWS, **change})
    with pytest.raises(SpecError) as caught:
        load_task("rte", str(tmp_path))
    assert what in caught.value.what


def test_damaged_empty_and_short_of_a_column(tmp_path: Path) -> None:
    path = tmp_path / "RTE" / "train.parquet"
    write(path.with_name("dev.parquet"), ROWS)
    for content, what in [(b"PAR1 no", "is no parquet file"), (None, "lacks the column 'label'")]:
        if content is None:
            write(path, {"sentence1": ["a"], "sentence2": ["b"]})
        else:
            path.write_bytes(content)
        with pytest.raises(SpecError, match=what):
            load_task("rte", str(tmp_path))
    write(path, {name: pa.array([], pa.string()) for name in ("sentence1", "sentence2", "label")})
    with pytest.raises(SpecError, match="holds no rows"):
        load_task("rte", str(tmp_path))


class Table(dict[str, list[Any]]):
    @property
    def column_names(self) -> list[str]:
        return list(self)


def test_the_hubs_copy(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def load(repository: str, config: str) -> Any:
        asked.append((repository, config))
        return {"train": Table(ROWS), "validation": Table(ROWS)}

    hub._load.cache_clear()
    monkeypatch.setattr(hub, "load_hub_dataset", load)
    assert load_task("rte", "hf:").dev.first == ["a", "b"]
    assert load_task("rte", "hf:me/glue").dev.second == ["c", "d"]
    assert asked == [("nyu-mll/glue", "rte"), ("me/glue", "rte")]
    assert task_identity("rte", "hf:") == task_identity("rte", "hf:me/glue")
    with pytest.raises(SpecError, match="no split nyu-mll/glue/mnli/validation_matched"):
        open_split(TASKS["mnli"], TASKS["mnli"].source, "hf:", "dev").examples()
    with pytest.raises(SpecError, match="lacks the column 'question'"):
        load_task("qnli", "hf:")
    hub._load.cache_clear()
