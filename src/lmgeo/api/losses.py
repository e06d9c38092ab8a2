"""How well a language model predicts a corpus."""

from __future__ import annotations

from typing import Any

from lmgeo.api.models import open_model
from lmgeo.core.progress import Progress, silent


def language_loss(
    model: Any,
    corpus: str = "pydocs",
    *,
    most_tokens: int | None = 200_000,
    max_length: int | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Any]:
    """The loss of a decoder on a corpus, in nats per token and in bits per byte.

    Args:
        model: a checkpoint folder, `hf:ID[@REVISION]`, or a `ModelHandle`.
        corpus: its spec, e.g. `pydocs`, `text:FILE`, `ptb:DIR`.
        most_tokens: take the corpus in its order until so many tokens are predicted; None: all of it.
        max_length: the most tokens one is predicted from; None: what the model takes.
        device: where a model that is loaded here runs.

    Returns:
        Plain JSON: `model`, `corpus`, `nats_per_token`, `bits_per_byte` (to compare models of unlike tokenizers),
        `tokens`, `bytes`, `documents`, `spread` (standard error of `nats_per_token`, documents being the independent
        units; null for one document), `max_length`, `notes`.

    Raises:
        SpecError, UnknownName: a model or corpus that is not there, or a model that is no decoder.
        LmgeoError: a model whose outputs are not finite.
    """
    from lmgeo.data.corpora import open_documents
    from lmgeo.models.handle import ModelHandle
    from lmgeo.train.language_loss import language_loss as loss_of

    handle = model if isinstance(model, ModelHandle) else open_model(model, device)
    text = open_documents(corpus)
    found = loss_of(handle, text.texts, max_length=max_length, most_tokens=most_tokens, progress=progress)
    document = {"model": handle.label if model is handle else model, "corpus": text.name, **found.to_json()}
    return {**document, "notes": [*text.notes, *document["notes"]]}
