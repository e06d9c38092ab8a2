"""The settings under which a study's models are measured: which text, which sites, which measures and protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import content_key
from lmgeo.core.spec.blocks import MeasureSpec, RepresentSpec
from lmgeo.core.spec.document import Document, KeyPath, located
from lmgeo.core.spec.study import StudySpec
from lmgeo.study.bases import Base
from lmgeo.study.wanted import sampling_identity, wanted_matrices, wanted_measures


@dataclass(frozen=True)
class Text:
    """A sample of text and what of its tokens is kept, with what identifies it."""

    spec: RepresentSpec
    identity: dict[str, Any]


@dataclass(frozen=True)
class Setting:
    """One way of measuring a model.

    Attributes:
        text: what goes through it.
        sites: where its vectors are taken.
        measure: the block of measures, its protocol by its one name.
        of_sites, of_matrices: the measures, each with what makes its value.
        matrices: names of matrices, by base.
        factors: the table's columns that tell this setting from others.
    """

    text: Text
    sites: list[str]
    measure: MeasureSpec
    of_sites: list[dict[str, Any]]
    of_matrices: list[dict[str, Any]]
    matrices: dict[str, list[str]]
    factors: dict[str, Any]


def resolve_settings(spec: StudySpec, bases: list[Base]) -> list[Setting]:
    """Every setting of a study, each once, with what it names looked up.

    Raises:
        SpecError, UnknownName: a corpus, measure, protocol or matrix that is not there.
    """
    pairs: dict[str, tuple[RepresentSpec, MeasureSpec]] = {}
    for represent, measure in spec.settings:
        with located(spec.document, ("measure", "protocol")):
            named = _of_one_name(measure)
        pairs.setdefault(content_key([represent.resolved(), named.resolved()]), (represent, named))
    shown = any(represent.sampling != "uniform" for represent, _ in pairs.values())
    settings = [_resolved(*pair, spec=spec, bases=bases, shown=shown) for pair in pairs.values()]
    _check_measures(settings, spec.document)
    return settings


def _check_measures(settings: list[Setting], document: Document) -> None:
    """Refuse a glob that no setting has anything for: measures of matrices alone where no matrix is asked for."""
    from lmgeo.measures.declare import MEASURES

    for glob in dict.fromkeys(glob for setting in settings for glob in setting.measure.measures):
        asking = [setting for setting in settings if glob in setting.measure.measures]
        given = {each["name"] for setting in asking for each in (*setting.of_sites, *setting.of_matrices)}
        names = MEASURES.select([glob])
        if not given & set(names):
            where = document.where(_place(document, glob))
            raise SpecError(
                f"{where}: {glob!r} matches {', '.join(names)}, of which none is defined for what is measured",
                "name matrices under weights, e.g. [unembedding], or leave it out",
            )


def _place(document: Document, glob: str) -> KeyPath:
    """Where a glob is written: in the study's own block, or in an entry of `vary`."""
    entries = enumerate(document.value.get("vary") or [])
    for path, blocks in [((), document.value), *((("vary", i), entry) for i, entry in entries)]:
        if glob in ((blocks.get("measure") or {}).get("measures") or ()):
            return (*path, "measure", "measures")
    return ("measure", "measures")


def by_text(settings: list[Setting]) -> list[list[Setting]]:
    """Settings that one pass over the text serves, in order of the first of each."""
    groups: dict[str, list[Setting]] = {}
    for setting in settings:
        groups.setdefault(content_key(setting.text.identity), []).append(setting)
    return list(groups.values())


def _of_one_name(spec: MeasureSpec) -> MeasureSpec:
    """A block with its protocol's one name: blocks that differ by the way it was written are one."""
    from lmgeo.measures.protocols import protocol

    return spec.model_copy(update={"protocol": protocol(spec.protocol).name})


def _resolved(
    represent: RepresentSpec, measure: MeasureSpec, spec: StudySpec, bases: list[Base], shown: bool
) -> Setting:
    with located(spec.document, ("represent", "corpus")):
        text = Text(represent, sampling_identity(represent))
    where = spec.document.where(("measure", "weights"))
    with located(spec.document, ("measure",)):
        of_sites = wanted_measures(measure, "cloud", represent.seed)
        of_matrices = wanted_measures(measure, "matrix", 0) if measure.weights else []
    matrices = wanted_matrices(measure.weights, bases, where)
    return Setting(text, represent.sites, measure, of_sites, of_matrices, matrices, _factors(represent, measure, shown))


def _factors(represent: RepresentSpec, measure: MeasureSpec, sampling_shown: bool) -> dict[str, Any]:
    """The columns of one setting; how sequences are drawn is one only in a study that draws some otherwise."""
    return {
        "corpus": represent.corpus,
        "sequences": represent.sequences,
        **({"sampling": represent.sampling} if sampling_shown else {}),
        "tokens": represent.tokens,
        "sampling_seed": represent.seed,
        "protocol": measure.protocol,
    }
