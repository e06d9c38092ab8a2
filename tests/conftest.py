"""What every test shares: shapes checked as annotated, and the optional data folder."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
import yaml
from jaxtyping import install_import_hook

SHARED = Path(__file__).resolve().parents[2] / "shared"

# Shapes in annotations are checked on every call made by a test.
install_import_hook(["lmgeo.numerics", "lmgeo.states", "lmgeo.measures", "lmgeo.represent"], "beartype.beartype")


def pytest_configure(config: pytest.Config) -> None:
    """No test writes in the user's cache; the workers of one run share a cache of their own."""
    if "LMGEO_CACHE" not in os.environ:
        os.environ["LMGEO_CACHE"] = tempfile.mkdtemp(prefix="lmgeo-tests-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop("LMGEO_CACHE"), ignore_errors=True))


@pytest.fixture(scope="session")
def shared() -> Path:
    """The folder with real data beside the checkout; a test that needs it must not skip in CI."""
    if not SHARED.is_dir():
        if os.environ.get("CI") == "true":
            pytest.fail(f"the data folder {SHARED.name!r} is missing in CI")
        pytest.skip("the data folder is not beside this checkout")
    return SHARED


WORDS = (
    "the a cat dog bird sees hears follows small large red green house river tree quickly slowly never often".split()
)


def sentences(count: int = 240, seed: int = 0) -> list[str]:
    """Seeded nonsense of six to twelve words."""
    from lmgeo.core.seeds import numpy_stream

    stream = numpy_stream(seed, "test_sentences")
    return [" ".join(stream.choice(WORDS, size=stream.integers(6, 13))) + "." for _ in range(count)]


@pytest.fixture(scope="session")
def text_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """240 sentences, one a line."""
    path = tmp_path_factory.mktemp("text") / "text.txt"
    path.write_text("\n".join(sentences()) + "\n")
    return path


@pytest.fixture(scope="session")
def checkpoint(tmp_path_factory: pytest.TempPathFactory, text_file: Path) -> Path:
    """An ordinary checkpoint folder, two training steps old."""
    from lmgeo.core.spec.model import PretrainSpec
    from lmgeo.train.pretrain import pretrain

    spec = PretrainSpec(width=16, layers=1, vocabulary=300, steps=2, batch_size=8, corpus=f"text:{text_file}")
    return pretrain(spec, sentences(), tmp_path_factory.mktemp("checkpoint") / "tiny").path


@pytest.fixture(scope="session")
def task_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An RTE of 40 + 20 rows in GLUE's layout."""
    folder = tmp_path_factory.mktemp("glue")
    (folder / "RTE").mkdir()
    texts = sentences(120, seed=1)
    for split, start, count in (("train", 0, 40), ("dev", 80, 20)):
        lines = ["index\tsentence1\tsentence2\tlabel"]
        for i in range(count):
            label = ("entailment", "not_entailment")[i % 2]
            lines.append(f"{i}\t{texts[start + i]}\t{texts[(start + i * 3) % 120]}\t{label}")
        (folder / "RTE" / f"{split}.tsv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def study(checkpoint: Path, text_file: Path, task_folder: Path) -> dict:
    """A study of one checkpoint, two noises, two measures and one task."""
    return {
        "name": "tiny-study",
        "threads": 1,
        "models": [{"path": str(checkpoint), "name": "tiny"}],
        "perturb": [{"noise": {"alpha": [0, 20, 50], "seed": [1]}}],
        "represent": {"corpus": f"text:{text_file}", "sequences": 100},
        "measure": {"protocol": "quickstart", "measures": ["eee", "lsq_patchiness"], "weights": ["unembedding"]},
        "evaluate": {"tasks": ["rte"], "data": str(task_folder), "epochs": 1, "seeds": [1]},
    }


@pytest.fixture
def write_study(tmp_path: Path):
    """Writes a study's YAML and gives its path."""

    def write(study: dict, name: str = "study.yaml") -> Path:
        path = tmp_path / name
        path.write_text(yaml.safe_dump(study, sort_keys=False))
        return path

    return write
