"""The package's own face: what `import lmgeo` offers, and what the calls give."""

from __future__ import annotations

import numpy as np
import pytest

import lmgeo
from lmgeo.core.measurement import Measurement


def test_every_name_is_there_with_a_docstring():
    for name in lmgeo.__all__:
        assert getattr(lmgeo, name).__doc__


def test_functions_stay_functions_when_folders_of_their_names_are_loaded():
    import lmgeo.perturb.noise
    import lmgeo.report.page

    assert callable(lmgeo.report)
    assert callable(lmgeo.perturb)
    assert lmgeo.report.__module__ == "lmgeo.api.analysing"


def test_an_unknown_name_says_what_there_is():
    with pytest.raises(AttributeError, match="measure"):
        lmgeo.measrue  # noqa: B018


def test_measure_an_array():
    cloud = np.random.default_rng(0).normal(size=(300, 6))
    found = lmgeo.measure(cloud, measures=["eee", "effective_*"], seed=0)
    assert set(found) == {"eee", "effective_rank", "effective_rank_cov"}
    assert all(isinstance(m, Measurement) and m.value is not None for m in found.values())


def test_measure_a_model(checkpoint, text_file):
    document = lmgeo.measure_model(
        str(checkpoint), ["eee"], corpus=f"text:{text_file}", sequences=20, sites=["embeddings", "final"]
    )
    assert list(document["objects"]) == ["embeddings", "final"]


def test_run_a_study_and_read_its_table(study, write_study, tmp_path):
    study["perturb"] = []
    store = lmgeo.run_study(write_study(study), store=tmp_path / "store", workers=1)
    assert [o["status"] for o in store.outcomes] == ["done"] * 3
    assert store.table()["model"].tolist() == ["tiny"]
    assert store.status()["done"] == 3
