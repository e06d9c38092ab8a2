"""A model perturbed, with whatever its kind asks beside the weights; and what identifies the change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

from lmgeo.core.identity import canonical_json
from lmgeo.core.spec.base import Strict
from lmgeo.perturb.declare import PERTURBATIONS, CalibratedSpec

if TYPE_CHECKING:
    from torch import Tensor

    from lmgeo.core.arrays import Float64, ndarray
    from lmgeo.core.tokens import TokenSequence
    from lmgeo.models.handle import ModelHandle

CALIBRATION_VERSION = 1  # of how a text becomes second moments
_TWIN_SEED = 0  # any draw shows how far the first weights spread


def perturbed(model: ModelHandle, kind: str, settings: Strict) -> ModelHandle:
    """A new handle with the perturbation in its weights; `model` stays as it is.

    Args:
        model: the base.
        kind: the perturbation's name.
        settings: its own spec.

    Raises:
        UnknownName: no such kind.
        LmgeoError: what the kind cannot be applied to; a calibration text that is not there.
    """
    changed = PERTURBATIONS[kind].apply(model.weights(), settings, _Facts(model, settings))
    return model.with_weights(changed)


def perturbation_identity(kind: str, settings: Strict) -> dict[str, Any]:
    """What of a perturbation enters every key: kind, settings, version, and the content of a calibration text.

    Raises:
        SpecError: a calibration corpus that is not there.
    """
    identity = {"kind": kind, "settings": settings.resolved(), "version": PERTURBATIONS[kind].version}
    if not isinstance(settings, CalibratedSpec):
        return identity
    from lmgeo.data.corpora import corpus_identity

    # the corpus is its content, however it was named
    kept = {name: value for name, value in settings.resolved().items() if name != "corpus"}
    if settings.part == "all":  # what was there before this setting keeps its keys
        del kept["part"]
    text = {"corpus": corpus_identity(settings.corpus), "version": CALIBRATION_VERSION}
    return {**identity, "settings": kept, "calibration": text}


class _Facts:
    """A model's `ModelFacts`, each worked out when it is first asked for."""

    def __init__(self, model: ModelHandle, settings: Strict) -> None:
        self._model = model
        self._settings = settings

    def second_moments(
        self, changed: Mapping[str, Tensor], layers: Collection[str]
    ) -> dict[str, Float64[ndarray, "in in"]]:
        """As `ModelFacts.second_moments`: a pass through the model as it would be with the changed tensors."""
        from lmgeo.represent.inputs import input_second_moments

        model = self._model.with_weights(changed) if changed else self._model
        return input_second_moments(model, self._text, layers)

    def initial_spread(self) -> dict[str, float]:
        """As `ModelFacts.initial_spread`."""
        from lmgeo.models.build import untrained_twin

        twin = untrained_twin(self._model, _TWIN_SEED).weights()
        return {name: float(weight.tensor.double().std(correction=0)) for name, weight in twin.items()}

    @cached_property
    def _text(self) -> list[TokenSequence]:
        spec = self._settings
        if not isinstance(spec, CalibratedSpec):
            raise TypeError(f"{type(spec).__name__} names no calibration text: make it a CalibratedSpec")
        from lmgeo.data.corpora import corpus_identity

        content = canonical_json(corpus_identity(spec.corpus))
        return self._model.encode(_calibration(spec.corpus, spec.part, content, spec.sequences, spec.seed))


@lru_cache(maxsize=4)  # every model of a suite is calibrated on the same few sentences
def _calibration(corpus: str, part: str, content: str, sequences: int, seed: int) -> list[str]:
    del content  # part of the cache's key: another text may come to lie on the same path
    from lmgeo.data.corpora import Corpus, open_corpus, open_documents
    from lmgeo.data.document_split import lines_of, split_documents
    from lmgeo.data.sampling import sample_sequences

    if part == "all":
        return sample_sequences(open_corpus(corpus), sequences, seed).texts
    seen, _ = split_documents(open_documents(corpus).texts)
    return sample_sequences(Corpus(f"the training part of {corpus}", lines_of(seen) or seen), sequences, seed).texts
