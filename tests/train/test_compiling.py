"""torch.compile gives the same run up to rounding, or is refused in plain words."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.pretrain import pretrain
from lmgeo.train.training_text import training_text

SMALL: dict[str, Any] = {
    "architecture": "gpt_neox",
    "width": 16,
    "layers": 1,
    "heads": 2,
    "vocabulary": 300,
    "max_length": 16,
    "steps": 4,
    "batch_size": 4,
}
RUN = """
import json, sys
from pathlib import Path
from lmgeo.core.errors import SpecError
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.train.pretrain import pretrain
from lmgeo.train.training_text import training_text
spec = PretrainSpec(**json.loads(sys.argv[1]))
try:
    pretrain(spec, training_text(spec), Path(sys.argv[2]))
except SpecError as error:
    print(error)
"""


def compiling(settings: dict[str, Any], out: Path, **environment: str) -> str:
    """What a process of its own says: torch keeps what it compiled, and the compiler it found, for good."""
    given = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "TORCHINDUCTOR_CACHE_DIR": str(out.parent / "kernels"),
        **environment,
    }
    command = [sys.executable, "-W", "ignore", "-c", RUN, json.dumps({**settings, "compile": True}), str(out)]
    return subprocess.run(command, capture_output=True, text=True, check=True, env=given, timeout=600).stdout


def test_without_a_compiler_it_is_refused(tmp_path: Path, text_file: Path) -> None:
    (tmp_path / "bin").mkdir()
    given = {**SMALL, "corpus": f"text:{text_file}"}
    said = compiling(given, tmp_path / "model", PATH=str(tmp_path / "bin"), CXX=str(tmp_path / "none"))
    assert "compile is true, and torch can compile nothing for cpu here" in said
    assert "install a C++ compiler (g++), or leave compile out" in said
    assert not (tmp_path / "model").exists()


@pytest.mark.skipif(shutil.which("g++") is None, reason="no C++ compiler here")
def test_a_compiled_run_is_the_run_up_to_rounding(tmp_path: Path, text_file: Path) -> None:
    settings = {**SMALL, "corpus": f"text:{text_file}"}
    assert compiling(settings, tmp_path / "compiled") == ""
    spec = PretrainSpec(**settings)
    plain = pretrain(spec, training_text(spec), tmp_path / "plain")
    one, two = (load_file(tmp_path / name / "model.safetensors") for name in ("plain", "compiled"))
    assert one.keys() == two.keys()
    assert all(torch.allclose(one[name], two[name], rtol=0, atol=1e-4) for name in one)
    record = json.loads((tmp_path / "compiled" / "training.json").read_text())
    assert record["held_out_loss"] == pytest.approx(plain.held_out_loss, abs=1e-4)
    assert record["spec"]["compile"]
