"""Geometry of weight matrices, without a forward pass."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.api.documents import document, measured_object
from lmgeo.api.spectra import KeptSpectra
from lmgeo.api.weight_sources import WeightSource, open_weights
from lmgeo.core.errors import SpecError
from lmgeo.core.progress import Progress, silent

if TYPE_CHECKING:
    from lmgeo.core.measurement import Measurement
    from lmgeo.models.weight_names import Chosen, Selection

_DOCUMENT = "weights.json"
_SHOWN = 3  # names in a note
_SMALL = 4_000_000  # entries: of larger matrices one is in memory at a time
# GPT-2's own layers, stored with a row for each input
_TRANSPOSED_FAMILIES = ("gpt2", "openai-gpt")
_TRANSPOSED = ("c_attn.weight", "c_proj.weight", "c_fc.weight", "q_attn.weight")


def weights(
    model: Any,
    matrices: str | Sequence[str] | None = None,
    measures: str | Sequence[str] = ("*",),
    *,
    centre: bool = False,
    out: str | Path | None = None,
    progress: Progress = silent,
) -> dict[str, Any]:
    """Measure a model's weight matrices as they are stored, one large one in memory at a time.

    Args:
        model: a checkpoint folder or `hf:ID[@REVISION]`, read without building the model; a torch
            module; a mapping of names to arrays or torch tensors; one array.
        matrices: `unembedding`, `embedding`, names, globs, or `all`: every two-dimensional one. Default:
            the unembedding of a model, all of a mapping.
        measures: names or globs.
        centre: spectra of the rows less their mean, as those of a cloud are.
        out: folder for `weights.json` and `spectra.safetensors`; where the same weights' spectra lie
            there already, they are read in place of the weights.

    Returns:
        The document that `lmgeo weights --json` prints. `failed` names what was left out because it
        holds NaN or infinity, and was not asked for by its own name.

    Raises:
        SpecError, UnknownName: a model or matrix that is not there or cannot be read; NaN or infinity
            in a matrix asked for by its own name.
        NotEnoughData: no measure of any matrix has a value.
    """
    from lmgeo.measures.matrices import chosen_measures
    from lmgeo.models.stored_head import UNEMBEDDING
    from lmgeo.models.weight_names import EVERY, select_matrices

    names = chosen_measures([measures] if isinstance(measures, str) else list(measures))
    source = open_weights(model)
    if matrices is None:
        matrices = UNEMBEDDING if source.whole else EVERY
    selection = select_matrices(source.weights, [matrices] if isinstance(matrices, str) else list(matrices))
    weighing = _Weighing(names, centre, KeptSpectra(Path(out), source.content()) if out else KeptSpectra(None, None))
    try:
        objects = weighing.measure(selection, progress)
    except KeyboardInterrupt:
        weighing.kept.write()  # the same call goes on from here
        raise
    left_out = [{"object": name, "reason": reason} for name, reason in selection.left_out.items()]
    described = {"family": source.weights.config.get("model_type")} if source.whole else None
    whole = document(source.label, described, objects, left_out, "default")
    whole |= {"failed": weighing.failed, "notes": [*weighing.notes, *_notes(source, objects)]}
    if out is not None:
        _write(whole, weighing.kept, Path(out))
    return whole


class _Weighing:
    """The measuring of one selection: what is chosen, what is kept, what became of it."""

    def __init__(self, names: list[str], centre: bool, kept: KeptSpectra) -> None:
        self.names, self.centre, self.kept = names, centre, kept
        self.failed: list[str] = []
        self._from_kept: list[str] = []
        self._found: dict[str, dict[str, Measurement] | SpecError] = {}  # by parameter

    @property
    def notes(self) -> list[str]:
        """What a reader should know of how the values were had."""
        shown = ", ".join(self._from_kept[:_SHOWN]) + (", …" if len(self._from_kept) > _SHOWN else "")
        count = len(self._from_kept)
        return (
            [f"spectra of {count} matri{'x' if count == 1 else 'ces'} read from those kept: {shown}"] if count else []
        )

    def measure(self, selection: Selection, progress: Progress) -> dict[str, Any]:
        """The objects of the document; what cannot be measured joins what is left out."""
        self._measure_each(selection, progress)
        objects = {}
        for name, chosen in selection.matrices.items():
            found = self._found[chosen.parameter]
            if isinstance(found, SpecError):
                selection.left_out[name] = found.what
                self.failed.append(name)
            else:
                objects[name] = {**_described(chosen), **measured_object(*_shape(chosen), found, centred=self.centre)}
        return objects

    def _measure_each(self, selection: Selection, progress: Progress) -> None:
        """Small matrices side by side, for linear algebra gains little from threads there; large ones in turn.

        Where the small ones are enough work for the other threads, the large ones keep one busy meanwhile.
        """
        from lmgeo.numerics.threads import blas_threads, in_threads

        each: dict[str, tuple[str, Chosen]] = {}  # by parameter: a tied one is measured once
        for name, chosen in selection.matrices.items():
            each.setdefault(chosen.parameter, (name, chosen))
        large = [one for one in each.values() if math.prod(_shape(one[1])) > _SMALL]
        small = [one for one in each.values() if math.prod(_shape(one[1])) <= _SMALL]

        def in_turn(ones: list[tuple[str, Chosen]]) -> None:
            for name, chosen in ones:
                progress("matrices", len(self._found), len(each))
                self._found[chosen.parameter] = self._measured(name, chosen)

        beside = _work(large) * (blas_threads() - 1) <= _work(small)
        in_threads(in_turn, [*([large] if beside else []), *([one] for one in small)])
        in_turn([] if beside else large)

    def _measured(self, name: str, chosen: Chosen) -> dict[str, Measurement] | SpecError:
        try:
            return self._read(name, chosen)
        except SpecError as error:
            if chosen.named:
                raise SpecError(f"{name}: {error.what}", error.mend) from error
            return error

    def _read(self, name: str, chosen: Chosen) -> dict[str, Measurement]:
        from lmgeo.measures.matrices import measure_tensor, needs_exact, read_spectrum

        if not self.kept.wanted:
            return measure_tensor(chosen.tensor, self.names, centred=self.centre)
        exact = needs_exact(self.names)
        spectrum = self.kept.get(chosen.parameter, centred=self.centre, exact=exact)
        if spectrum is None:
            # what is kept must serve measures to come, those of the smallest values too
            spectrum = read_spectrum(chosen.tensor, centred=self.centre, exact=True)
            self.kept.put(chosen.parameter, spectrum)
        else:
            self._from_kept.append(name)
        return measure_tensor(chosen.tensor, self.names, spectrum=spectrum)


def _shape(chosen: Chosen) -> tuple[int, int]:
    n, d = chosen.tensor.shape
    return n, d


def _work(ones: list[tuple[str, Chosen]]) -> int:
    """Multiplications, roughly: products of rows, and a decomposition of the narrow side at four squares' product."""
    shapes = [_shape(chosen) for _, chosen in ones]
    return sum(min(n, d) * (n * d + 4 * min(n, d) ** 2) for n, d in shapes)


def _described(chosen: Chosen) -> dict[str, Any]:
    """What a document says of a matrix beside its measures."""
    from lmgeo.core.tensors import FLOATS

    tied = {} if chosen.tied is None else {"tied": chosen.tied}
    return {"parameter": chosen.parameter, "stored": FLOATS[chosen.tensor.dtype], **tied}


def _notes(source: WeightSource, objects: dict[str, Any]) -> list[str]:
    transposed = source.weights.config.get("model_type") in _TRANSPOSED_FAMILIES
    if transposed and any(found["parameter"].endswith(_TRANSPOSED) for found in objects.values()):
        return ["GPT-2 stores the layers inside its blocks with a row for each input: measures of rows are of these"]
    return []


def _write(whole: dict[str, Any], kept: KeptSpectra, out: Path) -> None:
    from lmgeo.core.files import write_json

    kept.write()
    write_json(out / _DOCUMENT, whole)
