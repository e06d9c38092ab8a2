"""What a monitor measures at each look, checked before the training begins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle
    from lmgeo.study.live import Geometry


@dataclass(frozen=True)
class Sight:
    """A model and what is measured of it; as the arguments of `measure_live`."""

    handle: ModelHandle
    texts: Sequence[str]
    sites: Sequence[str]
    policies: Sequence[str]
    measures: Sequence[str]
    matrices: Sequence[str]
    seed: int

    def check(self) -> None:
        """Refuse now what would fail at the first look.

        Raises:
            UnknownName: a measure, site or token policy that there is none of.
            SpecError: no tokenizer, or not this model's; nothing to measure.
            NotEnoughData: no text.
        """
        from lmgeo.measures.declare import MEASURES
        from lmgeo.represent.run import choose_sites
        from lmgeo.represent.selection import POLICIES

        declared = [MEASURES[name] for name in MEASURES.select(list(self.measures))]
        matrices = [name for name in self.matrices if self.handle.matrix(name) is not None]
        if unknown := [policy for policy in self.policies if policy not in POLICIES]:
            raise UnknownName.among("token policy", unknown[0], POLICIES)
        if self.sites:
            choose_sites(self.handle, self.sites)
            if not any(len(sequence) for sequence in self.handle.encode(self.texts)):
                raise NotEnoughData(f"none of {len(self.texts)} texts has a token", "give texts that are not empty")
        clouds = bool(self.sites and self.policies) and any(m.cloud for m in declared)
        if not clouds and not (matrices and any(m.matrix for m in declared)):
            raise SpecError("nothing to measure", "name sites, or matrices that the model has, and measures of them")

    def values(self) -> tuple[dict[str, float | None], list[str]]:
        """Values by column, and what could not be measured because it holds NaN or infinity."""
        from lmgeo.measures.declare import MEASURES
        from lmgeo.study.live import live_clouds, live_matrices

        names = MEASURES.select(list(self.measures))
        of_matrices = [name for name in names if MEASURES[name].matrix]
        of_clouds = [name for name in names if MEASURES[name].cloud]
        found: Geometry = {}
        faults = []
        for matrix in self.matrices:
            try:
                found |= live_matrices(self.handle, [matrix], of_matrices)
            except SpecError as error:
                faults.append(error.what)
        try:
            found |= live_clouds(self.handle, self.texts, self.sites, self.policies, of_clouds, self.seed)
        except SpecError as error:
            faults.append(error.what)
        return {f"{place}.{name}": m.value for place, of in found.items() for name, m in of.items()}, faults


def texts_for(corpus: str, texts: Sequence[str] | None, sequences: int, seed: int) -> list[str]:
    """The texts given, so many of them at most, or a seeded sample of a corpus.

    Raises:
        SpecError: a number below one, or a corpus that cannot be read.
        NotEnoughData: no text.
    """
    from lmgeo.data.corpora import open_corpus
    from lmgeo.data.sampling import sample_sequences

    if texts is None:
        return sample_sequences(open_corpus(corpus), sequences, seed).texts
    if sequences < 1:
        raise SpecError(f"{sequences} sequences", "ask for 1 or more")
    if not texts:
        raise NotEnoughData("no text to represent", "give texts, or a corpus")
    return list(texts[:sequences])
