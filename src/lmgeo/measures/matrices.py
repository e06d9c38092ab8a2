"""Measures of weight matrices by name, read a block of rows at a time."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lmgeo.core.arrays import ndarray
from lmgeo.core.errors import SpecError
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent
from lmgeo.core.tensors import EPSILONS, ArrayTensor, Tensor, as_float_rows, unread_reason
from lmgeo.measures.compute import by_state, matrix_measures, noted, source_of
from lmgeo.measures.declare import MEASURES
from lmgeo.measures.inputs import as_cloud
from lmgeo.measures.outcome import measured
from lmgeo.numerics.conversion import as_floats
from lmgeo.numerics.moments import row_chunks
from lmgeo.states.batch import RowBatch
from lmgeo.states.directions import Directions
from lmgeo.states.moments import Moments
from lmgeo.states.partition import Partition
from lmgeo.states.rows import Rows
from lmgeo.states.spectrum import MatrixSpectrum, SingularValues, spectrum_of
from lmgeo.states.state import StateClass

_OF_SPECTRUM: tuple[StateClass, ...] = (Moments, MatrixSpectrum)


def chosen_measures(globs: Sequence[str]) -> list[str]:
    """The measures of matrices that match any glob.

    Raises:
        UnknownName: a glob that matches no measure.
        SpecError: a glob that matches only measures that are not defined for matrices.
    """
    for matched in map(MEASURES.select, ([glob] for glob in globs)):
        if not any(MEASURES[name].matrix for name in matched):
            raise _undefined(matched)
    return [name for name in MEASURES.select(globs) if MEASURES[name].matrix]


def needs_exact(names: Collection[str]) -> bool:
    """Whether any of the measures reads the smallest singular values."""
    return any(MEASURES[name].state is SingularValues for name in names)


def measure_matrix(
    W: np.ndarray,
    names: Sequence[str] | None = None,
    *,
    centred: bool = False,
    stored: str | None = None,
    progress: Progress = silent,
) -> dict[str, Measurement]:
    """The geometry of a weight matrix (rows, columns); its spectrum is not centred unless asked.

    Args:
        W: float32, float64, or what `measure_cloud` converts.
        names: of `matrix_measures()`; None for all of them.
        centred: read the centred spectrum, as of a cloud.
        stored: the type it was stored in (`BF16` …), where that is not the array's own.
        progress: told of each measure.

    Raises:
        SpecError: not a finite matrix of numbers, or a measure that is not defined for matrices.
        NotEnoughData: no rows or no columns.
        UnknownName: a name that is no measure's.
    """
    rows, note = as_cloud(W, "matrix")
    own = {np.dtype(np.float16): "F16"}.get(rows.dtype)
    chosen = matrix_measures() if names is None else names
    found = measure_tensor(ArrayTensor(as_floats(rows), stored or own), chosen, centred=centred, progress=progress)
    return noted(found, converted=note) if note else found


def measure_tensor(
    tensor: Tensor,
    names: Sequence[str],
    *,
    centred: bool = False,
    spectrum: MatrixSpectrum | None = None,
    progress: Progress = silent,
) -> dict[str, Measurement]:
    """The same of a matrix that is read a block of rows at a time; more of it is held only for measures of rows.

    Args:
        tensor: the matrix.
        names: measures; each once.
        centred: read the centred spectrum.
        spectrum: what is known of its spectrum; with it, measures of the spectrum read nothing else.
        progress: told of each measure.

    Raises:
        SpecError: no matrix of floats, NaN or infinity in it, or a measure that is not defined for matrices.
        UnknownName: a name that is no measure's.
    """
    if wrong := [name for name in names if not MEASURES[name].matrix]:
        raise _undefined(wrong)
    needed = {source_of(MEASURES[name].state) for name in names}
    if Rows in needed:
        tensor = _Finite(_whole(tensor), tensor.dtype)  # read once for all
    sources = _states_of(tensor, needed - set(_OF_SPECTRUM))
    if spectrum is None and needed & set(_OF_SPECTRUM):
        axes = any(MEASURES[name].state is Partition for name in names)
        spectrum = read_spectrum(tensor, centred=centred, exact=needs_exact(names), axes=axes)
    if spectrum is not None and Rows in sources:
        sources[Partition] = Partition(sources[Rows], spectrum.eigen)
    if spectrum is not None:
        sources |= {Moments: spectrum.moments(), MatrixSpectrum: spectrum}
    found: dict[str, Measurement] = {}
    for kind, group in by_state(names).items():
        progress(group[0], len(found), len(names))
        source = kind if kind in sources else source_of(kind)
        more = measured(kind, [MEASURES[name] for name in group], sources[source], spread=False)
        found |= noted(more, spectrum=spectrum.how) if spectrum is not None and source in _OF_SPECTRUM else more
    return {name: found[name] for name in names}


def read_spectrum(tensor: Tensor, *, centred: bool = False, exact: bool = False, axes: bool = False) -> MatrixSpectrum:
    """The spectrum of a matrix, in bounded memory; with `axes`, by a decomposition that has its axes too.

    Raises:
        SpecError: no matrix of floats, or NaN or infinity in it.
    """
    if (reason := unread_reason(tensor)) is not None:
        raise SpecError(f"no weight matrix: {reason}", "give a matrix of floats")
    n, d = tensor.shape
    return spectrum_of(lambda: _blocks(tensor), n, d, EPSILONS[tensor.dtype], centred=centred, exact=exact, axes=axes)


def _blocks(tensor: Tensor) -> Iterator[ndarray]:
    """The matrix's rows, as floats and finite."""
    for part in row_chunks(*tensor.shape):
        block = as_float_rows(tensor.read(part.start, part.stop))
        if not isinstance(tensor, _Finite) and not np.isfinite(block).all():
            row, column = np.argwhere(~np.isfinite(block))[0]
            raise SpecError(
                f"the matrix holds NaN or infinity, first at row {part.start + row}, column {column} (from 0)",
                "look at what wrote the weights",
            )
        yield block


@dataclass(frozen=True)
class _Finite:
    """A matrix in hand whose entries were looked at already."""

    array: ndarray
    dtype: str

    @property
    def shape(self) -> tuple[int, ...]:
        return tuple(self.array.shape)

    def read(self, start: int = 0, stop: int | None = None) -> ndarray:
        return self.array[start:stop]


def _whole(tensor: Tensor) -> ndarray:
    """All rows at once, likewise; an array in hand is not copied."""
    rows = as_float_rows(tensor.read())
    for _ in _blocks(ArrayTensor(rows)):
        pass  # each is looked at
    return rows


def _states_of(tensor: Tensor, kinds: Collection[StateClass]) -> dict[StateClass, Any]:
    """What measures of rows read, in one pass; a matrix is a whole, so no part of it is kept apart."""
    settings: dict[StateClass, dict[str, Any]] = {Directions: {"groups": 1}}
    states = {kind: kind.empty(tensor.shape[1], **settings.get(kind, {})) for kind in kinds if kind is not Rows}
    start = 0
    for block in _blocks(tensor) if states else ():
        batch = RowBatch.of_cloud(block, start)
        start += len(block)
        for state in states.values():
            state.update(batch)
    return states | ({Rows: Rows.of_cloud(tensor.read())} if Rows in kinds else {})


def _undefined(names: Sequence[str]) -> SpecError:
    return SpecError(
        f"{', '.join(names)}: not defined for weight matrices", f"choose among {', '.join(matrix_measures())}"
    )
