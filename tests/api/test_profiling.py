"""`--sites all --out DIR` leaves charts by depth beside the values."""

from __future__ import annotations

import json

import numpy as np

from lmgeo.api.profiling import chart_families
from lmgeo.cli.main import _run


def files(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def measure(*arguments: object) -> None:
    assert _run(["measure", *map(str, arguments), "--measures", "eee,mean_cosine,vrm", "--quiet"]) == 0


def test_several_sites_leave_a_profile(checkpoint, text_file, tmp_path) -> None:
    shared = (checkpoint, "--corpus", f"text:{text_file}", "--sequences", 30, "--out", tmp_path / "out")
    measure(*shared, "--sites", "final")
    assert files(tmp_path / "out") == ["measures.json"]
    measure(*shared, "--sites", "all")
    assert files(tmp_path / "out") == ["measures.json", "profile.html", "profile.png"]
    document = json.loads((tmp_path / "out" / "measures.json").read_text())
    assert chart_families(document) == {"eee": "Spectrum", "mean_cosine": "Directions", "vrm": "Principal axes"}
    page = (tmp_path / "out" / "profile.html").read_text()
    assert all(f'"site":"{site}"' in page for site in document["objects"])


def test_a_file_of_clouds_has_no_depth(tmp_path) -> None:
    rng = np.random.default_rng(0)
    np.savez(tmp_path / "two.npz", a=rng.normal(size=(50, 3)), b=rng.normal(size=(50, 3)))
    measure(tmp_path / "two.npz", "--out", tmp_path / "out")
    assert files(tmp_path / "out") == ["measures.json"]
