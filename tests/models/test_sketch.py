"""What is kept of a checkpoint, beside the whole of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lmgeo.core.safetensors import to_bytes
from lmgeo.core.seeds import numpy_stream
from lmgeo.core.tensors import ArrayTensor
from lmgeo.models.sketch import sketch
from lmgeo.models.weight_files import StoredWeights, read_weights


def weights(scale: float = 0.0, dtype: type = np.float32) -> StoredWeights:
    random = numpy_stream(0, "test_sketch")
    shapes = {"big": (900, 700), "small": (30, 20), "vector": (50,)}
    arrays = {name: random.normal(size=shape) for name, shape in shapes.items()}
    moved = {name: a + scale * random.normal(size=a.shape) for name, a in arrays.items()}
    return StoredWeights.of("made", {name: ArrayTensor(a.astype(dtype)) for name, a in moved.items()})


@pytest.mark.parametrize("scale", [1.0, 1e-3])
def test_the_distance_of_samples_estimates_that_of_the_weights(scale: float) -> None:
    one, other = weights(), weights(scale)
    exact = sum(((one.tensors[n].read() - other.tensors[n].read()) ** 2).sum(dtype=np.float64) for n in one.tensors)
    a, b = sketch(one).sample, sketch(other).sample
    assert len(a) < 0.3 * 630_650
    assert np.linalg.norm(a - b) == pytest.approx(np.sqrt(exact), rel=0.01)


def test_the_content_is_of_values_and_names_not_of_how_they_are_stored() -> None:
    half = weights(dtype=np.float16)
    wide = StoredWeights.of("wide", {n: ArrayTensor(t.read().astype(np.float32)) for n, t in half.tensors.items()})
    assert sketch(half).content == sketch(wide).content
    assert sketch(wide).content != sketch(weights(1e-6)).content
    renamed = StoredWeights.of("renamed", {f"x.{n}": t for n, t in wide.tensors.items()})
    turned = StoredWeights.of(
        "turned", {n: ArrayTensor(t.read().reshape(t.shape[::-1])) for n, t in wide.tensors.items()}
    )
    assert len({sketch(w).content for w in (wide, renamed, turned)}) == 3


def test_shards_are_one_checkpoint(tmp_path: Path) -> None:
    whole = {n: t.read() for n, t in weights().tensors.items()}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "config.json").write_text("{}")
    (tmp_path / "one" / "model.safetensors").write_bytes(to_bytes(whole, {}))
    for i, name in enumerate(whole):
        (tmp_path / "two" / f"{i}.safetensors").write_bytes(to_bytes({name: whole[name]}, {}))
    index = ", ".join(f'"{name}": "{i}.safetensors"' for i, name in enumerate(whole))
    (tmp_path / "two" / "model.safetensors.index.json").write_text(f'{{"weight_map": {{{index}}}}}')
    assert sketch(read_weights(tmp_path / "one")).content == sketch(read_weights(tmp_path / "two")).content


def test_what_is_not_finite_is_counted() -> None:
    bad = weights()
    array = bad.tensors["small"].read().copy()
    array[3, 4], array[5] = np.nan, np.inf
    found = sketch(StoredWeights.of("bad", {**bad.tensors, "small": ArrayTensor(array)}))
    assert found.unsound == {"small": "1 NaN and 20 infinite of 600 entries"}
