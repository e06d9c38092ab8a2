"""Spectra kept beside a document, so that another spectral measure needs no second reading of the weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import NotEnoughData, SpecError

if TYPE_CHECKING:
    from lmgeo.states.spectrum import MatrixSpectrum

SPECTRA = "spectra.safetensors"
_FORMAT = "lmgeo-spectra-1"


class KeptSpectra:
    """The singular values of a model's matrices, by the matrix's name in the checkpoint.

    Args:
        folder: where they are kept; None: nowhere.
        content: hash of the weights they belong to; None where it is not known, so that none are taken from before.
    """

    def __init__(self, folder: Path | None, content: str | None) -> None:
        self._file = None if folder is None else folder / SPECTRA
        self._content = content
        self._notes: dict[str, Any] = {}
        self._arrays: dict[str, Any] = {}
        if self._file is not None and content is not None and self._file.is_file():
            self._read(self._file)

    @property
    def wanted(self) -> bool:
        """Whether spectra are kept at all."""
        return self._file is not None

    def get(self, parameter: str, *, centred: bool, exact: bool) -> MatrixSpectrum | None:
        """The spectrum of a matrix; None where it is not kept, or not as exactly as asked."""
        from lmgeo.states.spectrum import MatrixSpectrum

        if parameter not in self._notes:
            return None
        arrays = {part: self._arrays[f"{parameter}/{part}"] for part in ("raw", "less_mean")}
        found = MatrixSpectrum.from_arrays(arrays, self._notes[parameter], centred=centred)
        return found if found.exact or not exact else None

    def put(self, parameter: str, spectrum: MatrixSpectrum) -> None:
        """Keep one more, if any are kept and it can be had."""
        if not self.wanted:
            return
        try:
            arrays, notes = spectrum.to_arrays()
        except NotEnoughData:
            return
        self._notes[parameter] = notes
        self._arrays |= {f"{parameter}/{part}": values for part, values in arrays.items()}

    def write(self) -> None:
        """Write them all, in one step."""
        from lmgeo.core.files import write_bytes
        from lmgeo.core.safetensors import to_bytes

        if self._file is not None and self._notes:
            notes = {"format": _FORMAT, "content": self._content or "", "matrices": json.dumps(self._notes)}
            write_bytes(self._file, to_bytes(self._arrays, notes))

    def _read(self, file: Path) -> None:
        """What is there, if it is of the same weights; a file that cannot be read is as good as none."""
        from lmgeo.core.safetensors import read_header

        try:
            tensors, notes = read_header(file)
            if notes.get("format") != _FORMAT or notes.get("content") != self._content:
                return
            known = json.loads(notes["matrices"])
        except (SpecError, ValueError):
            return
        whole = {name for name in known if all(f"{name}/{part}" in tensors for part in ("raw", "less_mean"))}
        self._notes = {name: known[name] for name in whole}
        self._arrays = {f"{n}/{part}": tensors[f"{n}/{part}"].read() for n in whole for part in ("raw", "less_mean")}
