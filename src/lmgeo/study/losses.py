"""The losses of a study's language models: planned as results with keys, and taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import canonical_json
from lmgeo.core.progress import Progress
from lmgeo.core.spec.losses import AdaptSpec, LossesSpec
from lmgeo.core.spec.pretrain import PretrainSpec
from lmgeo.study.cells import Wanted, loss_key, unchanged
from lmgeo.train.language_loss import NotFinite
from lmgeo.train.optimization import Diverged

if TYPE_CHECKING:
    from lmgeo.models.handle import ModelHandle
    from lmgeo.study.variants import Variant
    from lmgeo.train.documents import TokenizedDocuments
    from lmgeo.train.language_loss import LanguageLoss

Results = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Part:
    """One thing done to a model, and the losses that it gives.

    Attributes:
        names: of the columns.
        seed: of the noise or the fine-tuning; columns are means over seeds.
        identity: what makes the numbers, beside the model.
        kind: `plain`, a perturbation's name, or `finetune`.
        settings: of the perturbation or the corpus.
    """

    names: tuple[str, ...]
    seed: int | None
    identity: dict[str, Any]
    kind: str
    settings: dict[str, Any]


def parts_of(spec: LossesSpec, variant: Variant) -> list[Part]:
    """All that is done to one model.

    Raises:
        SpecError: a corpus that is not there; a masked model; no in-domain text for one that was not trained here.
    """
    choices = variant.base.choices
    if choices and PretrainSpec(**choices).masked:
        raise SpecError(
            f"{variant.name} is a {choices['architecture']}, which predicts no next token",
            "leave out losses, or keep masked models in a study of their own",
        )
    if not choices and spec.in_domain is None:
        raise SpecError(
            f"{variant.name} was not trained here, so it has no held-out text of its own",
            "name a corpus under losses: in_domain",
        )
    return [*_plain(spec), *_changed(spec, choices), *_finetuned(spec)]


def planned(parts: list[Part], variant: Variant) -> Iterator[Wanted]:
    """Every loss that the parts give of one model, as a result."""
    for part in parts:
        for name in part.names:
            yield Wanted(loss_key(variant.identity, name, part.identity), "score", name)


def take_losses(
    model: ModelHandle, cell: dict[str, Any], missing: list[Wanted], progress: Progress
) -> tuple[Results, list[str]]:
    """The losses of a cell that are missing; one part's failure to train leaves its columns out.

    Args:
        model: the variant.
        cell: its `losses` (a LossesSpec), `parts`, `training` (of the base, or None), `identity`.
        missing: what the store lacks.
        progress: told of tokens and steps.
    """
    spec = LossesSpec(**cell["losses"])
    wanted = {w.key for w in missing}
    texts = _Texts(spec, cell["training"])
    results: Results = {}
    notes: dict[str, None] = {}
    for raw in cell["parts"]:
        part = Part(**{**raw, "names": tuple(raw["names"])})
        keys = {name: loss_key(cell["identity"], name, part.identity) for name in part.names}
        if wanted.isdisjoint(keys.values()):
            continue
        _refuse_changed(part, spec, cell)
        try:
            found = _DO.get(part.kind, _after)(model, part, spec, texts, progress)
        except (Diverged, NotFinite) as error:
            found = {name: {"left_out": error.what} for name in part.names}
            notes[f"{part.names[0]}: {error.what}"] = None
        for name, key in keys.items():
            results[key] = {"object": "score", "name": name, **found[name]}
    return results, list(notes)


def _refuse_changed(part: Part, spec: LossesSpec, cell: dict[str, Any]) -> None:
    """Every text that a part reads must be what its key was planned for."""
    from lmgeo.data.corpora import corpus_identity

    own = part.settings["corpus"] if part.kind == "plain" else spec.in_domain
    unchanged("text of a loss", _text_identity(own), part.identity["text"])
    if own is None and cell["training"]:
        base = cell["identity"]["base"]
        trained_on = base.get("of", base)["corpus"]
        unchanged("text that the model was trained on", corpus_identity(cell["training"]["corpus"]), trained_on)
    if spec.finetune and part.kind == "finetune":
        text = part.identity["finetune"]["text"]
        unchanged("text to fine-tune on", _text_identity(spec.finetune.corpus), text)
    if "after" in part.identity:
        change = _change(part.kind, part.settings)
        unchanged(f"text that {part.names[0]} is calibrated on", change, part.identity["after"])


def _change(kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    """The identity of what is done to the weights."""
    from lmgeo.perturb.declare import PERTURBATIONS
    from lmgeo.study.perturbing import perturbation_identity

    return perturbation_identity(kind, PERTURBATIONS[kind].settings(**settings))


def _plain(spec: LossesSpec) -> Iterator[Part]:
    yield Part(("loss", "bpb"), None, _identity(spec, spec.in_domain), "plain", {"corpus": spec.in_domain})
    for name, corpus in spec.corpora.items():
        names = (f"loss.{name}", f"bpb.{name}")
        yield Part(names, None, _identity(spec, corpus), "plain", {"corpus": corpus})


def _changed(spec: LossesSpec, choices: dict[str, Any]) -> Iterator[Part]:
    """Losses on the in-domain text after the weights were rounded or disturbed."""
    corpus, own = spec.calibration or choices.get("corpus") or spec.in_domain, choices.get("corpus")
    # never on the held-out documents that the loss is taken on
    alike = own and (own == corpus or _text_identity(own) == _text_identity(corpus))
    part = "training" if spec.gptq and alike else "all"
    calibration = {"corpus": corpus, "part": part, "sequences": spec.calibration_sequences}
    asked: list[tuple[str, int | None, str, dict[str, Any]]] = [
        *((f"loss.gptq{b}", None, "gptq", {"bits": b, "group": spec.group, **calibration}) for b in spec.gptq),
        *((f"loss.round{b}", None, "round", {"bits": b, "group": spec.group}) for b in spec.round),
        *(
            (f"loss.noise{gamma:g}", seed, "springer", {"gamma": gamma, "seed": seed})
            for gamma in spec.noise
            for seed in spec.noise_seeds
        ),
    ]
    for name, seed, kind, settings in asked:
        identity = {**_identity(spec, spec.in_domain), "after": _change(kind, settings)}
        yield Part((name,), seed, identity, kind, settings)


def _finetuned(spec: LossesSpec) -> Iterator[Part]:
    if spec.finetune is None:
        return
    settings = {k: v for k, v in spec.finetune.resolved().items() if k not in ("corpus", "seeds")}
    text = _text_identity(spec.finetune.corpus)
    for seed in spec.finetune.seeds:
        identity = {**_identity(spec, spec.in_domain), "finetune": {**settings, "seed": seed, "text": text}}
        names = ("loss.finetuned", "bpb.finetuned", "loss.kept", "forgetting")
        yield Part(names, seed, identity, "finetune", {})


def _identity(spec: LossesSpec, corpus: str | None) -> dict[str, Any]:
    return {"text": _text_identity(corpus), "most_tokens": spec.most_tokens}


def _text_identity(corpus: str | None) -> Any:
    """A corpus by its content; the held-out part of a model's own text follows from the model."""
    if corpus is None:
        return "held_out"
    from lmgeo.data.corpora import corpus_identity

    return corpus_identity(corpus)


class _Texts:
    """The documents of a cell, each corpus read and tokenized once."""

    def __init__(self, spec: LossesSpec, training: dict[str, Any] | None) -> None:
        self._spec = spec
        self._training = training
        self._read: dict[str | None, TokenizedDocuments] = {}

    def read(self, model: ModelHandle, corpus: str | None) -> TokenizedDocuments:
        """A corpus as the cell's model is asked for it; whatever is done to the weights, the tokens stay."""
        from lmgeo.train.documents import read_documents

        if corpus not in self._read:
            self._read[corpus] = read_documents(model, self.documents(corpus), self._spec.most_tokens)
        return self._read[corpus]

    def documents(self, corpus: str | None) -> list[str]:
        """All of a corpus, or the held-out part of what the model was trained on."""
        if corpus is not None:
            return _open(corpus, _content(corpus))
        training = PretrainSpec(**(self._training or {}))
        content = _content(training.corpus)
        return _held_out(training.corpus, content, training.vocabulary, training.max_length)


def _content(corpus: str) -> str:
    from lmgeo.data.corpora import corpus_identity

    return canonical_json(corpus_identity(corpus))


# cells of one study come one after another in a worker, and want the same few texts; the content is part of the
# cache's key, since another text may come to lie on the same path
@lru_cache(maxsize=2)
def _held_out(corpus: str, content: str, vocabulary: int, max_length: int) -> list[str]:
    del content
    from lmgeo.train.causal_text import causal_text

    return causal_text(corpus, vocabulary, max_length).held_out_documents


@lru_cache(maxsize=4)
def _open(corpus: str, content: str) -> list[str]:
    del content
    from lmgeo.data.corpora import open_documents

    return open_documents(corpus).texts


Taken = dict[str, dict[str, Any]]


def _take(model: ModelHandle, documents: TokenizedDocuments, progress: Progress) -> LanguageLoss:
    from lmgeo.train.language_loss import language_loss

    return language_loss(model, documents, progress=progress)


def _score(value: float, unit: str, loss: LanguageLoss, seed: int | None) -> dict[str, Any]:
    return {"score": {"score": value, "unit": unit, "seed": seed, "details": loss.to_json()}}


def _plain_losses(model: ModelHandle, part: Part, spec: LossesSpec, texts: _Texts, progress: Progress) -> Taken:
    found = _take(model, texts.read(model, part.settings["corpus"]), progress)
    nats, bits = part.names
    return {
        nats: _score(found.nats_per_token, "nats/token", found, None),
        bits: _score(found.bits_per_byte, "bits/byte", found, None),
    }


def _after(model: ModelHandle, part: Part, spec: LossesSpec, texts: _Texts, progress: Progress) -> Taken:
    """The in-domain loss once the weights were changed."""
    from lmgeo.perturb.declare import PERTURBATIONS
    from lmgeo.study.perturbing import perturbed

    changed = perturbed(model, part.kind, PERTURBATIONS[part.kind].settings(**part.settings))
    found = _take(changed, texts.read(model, spec.in_domain), progress)
    return {part.names[0]: _score(found.nats_per_token, "nats/token", found, part.seed)}


def _finetune(model: ModelHandle, part: Part, spec: LossesSpec, texts: _Texts, progress: Progress) -> Taken:
    """Losses on the new corpus and on the old one after training on the new, and how much the old one rose."""
    from lmgeo.data.document_split import split_documents
    from lmgeo.train.adapt import adapt
    from lmgeo.train.documents import read_documents

    settings = spec.finetune or AdaptSpec(corpus="")
    train, held_out = split_documents(texts.documents(settings.corpus))
    seed, own = part.seed or 0, texts.read(model, spec.in_domain)
    tuned = adapt(model, train, settings, seed, progress)
    new = _take(tuned, read_documents(model, held_out, spec.most_tokens), progress)
    kept, before = _take(tuned, own, progress), _take(model, own, progress)
    return {
        "loss.finetuned": _score(new.nats_per_token, "nats/token", new, seed),
        "bpb.finetuned": _score(new.bits_per_byte, "bits/byte", new, seed),
        "loss.kept": _score(kept.nats_per_token, "nats/token", kept, seed),
        "forgetting": _score(kept.nats_per_token - before.nats_per_token, "nats/token", kept, seed),
    }


_DO: dict[str, Callable[[ModelHandle, Part, LossesSpec, _Texts, Progress], Taken]] = {
    "plain": _plain_losses,
    "finetune": _finetune,
}
