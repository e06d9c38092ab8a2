"""What a study wants of each model, as the identities that enter the keys."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from lmgeo.core.errors import SpecError, UnknownName
from lmgeo.core.spec.blocks import EvaluateSpec, MeasureSpec, RepresentSpec

if TYPE_CHECKING:
    from lmgeo.models.weight_files import StoredWeights
    from lmgeo.study.bases import Base

SITES = ("embeddings", "final_prenorm", "final")


def wanted_sites(sites: list[str], layers: int, where: str) -> list[str]:
    """The sites asked for of a model of so many blocks; `all` is every one.

    One that the model turns out not to have (`final_prenorm`, a block too many) is left out when it is measured.

    Raises:
        UnknownName: what no model has.
    """
    for site in sites:
        if site not in (*SITES, "all") and not re.fullmatch(r"block\.\d+", site):
            raise UnknownName.among("site", site, ("all", *SITES, "block.0"), where)
        if site.startswith("block.") and layers and int(site[6:]) >= layers:
            raise UnknownName.among("site", site, [f"block.{i}" for i in range(layers)], where)
    if "all" in sites:
        return ["embeddings", *(f"block.{i}" for i in range(layers)), "final_prenorm", "final"]
    return list(dict.fromkeys(sites))


def wanted_matrices(asked: list[str], bases: Sequence[Base], where: str) -> dict[str, list[str]]:
    """The matrices asked for of each base, by its name; `all` and globs are written out.

    A name that a model turns out not to have is left out when it is measured.

    Raises:
        UnknownName: a glob that no base has a matrix for.
    """
    found: dict[str, list[str]] = {base.name: [] for base in bases}
    for pattern in asked:
        matched = {base.name: _matching(pattern, base) for base in bases}
        if not any(matched.values()):
            mend = "name matrices, or globs over their names as the checkpoint has them; `lmgeo weights` lists them"
            raise UnknownName(f"{where}: no model has a matrix that {pattern!r} matches", mend)
        for name, matrices in matched.items():
            found[name] = list(dict.fromkeys([*found[name], *matrices]))
    return found


def _matching(pattern: str, base: Base) -> list[str]:
    from lmgeo.models.weight_names import EVERY, select_matrices

    if pattern != EVERY and not set("*?[") & set(pattern):
        return [pattern]
    try:
        return list(select_matrices(_weights_of(base), [pattern]).matrices)
    except UnknownName:
        return []


def _weights_of(base: Base) -> StoredWeights:
    """The names and shapes of a base's tensors, from its files or, of one to be trained, from its spec."""
    if "hf" in base.where:
        raise SpecError(
            f"the matrices of {base.name} are not known before it is downloaded",
            "name them, e.g. weights: [unembedding], or give a folder of the steps",
        )
    if "path" in base.where:
        from lmgeo.models.weight_files import read_weights

        return read_weights(Path(base.where["path"]), base.name)
    from lmgeo.core.spec.model import PretrainSpec
    from lmgeo.models.build import unbuilt_weights

    return unbuilt_weights(PretrainSpec(**base.choices))


def wanted_measures(spec: MeasureSpec, of: Literal["cloud", "matrix"], seed: int) -> list[dict[str, Any]]:
    """The measures a block asks for, of clouds or of matrices, each with what makes its value.

    Raises:
        UnknownName: a glob that matches no measure, or an unknown protocol.
    """
    from lmgeo.measures.compute import cloud_measures, matrix_measures
    from lmgeo.measures.declare import MEASURES

    there = matrix_measures() if of == "matrix" else cloud_measures(["*"])
    names = [name for name in MEASURES.select(spec.measures) if name in there]
    return [measure_identity(name, spec.protocol, seed) for name in names]


def measure_identity(name: str, protocol: str, seed: int) -> dict[str, Any]:
    """What makes a measure's value, beside what it is taken of: definition, protocol and seed where they count."""
    from lmgeo.measures.compute import identity_of
    from lmgeo.measures.declare import MEASURES
    from lmgeo.measures.protocols import protocol as named

    declared = MEASURES[name]
    origin = {"origin": declared.origin} if declared.origin else {}  # another's code: its hash, or its package
    return {"name": name, "version": declared.version, **origin, **identity_of(name, named(protocol), seed)}


def sampling_identity(spec: RepresentSpec) -> dict[str, Any]:
    """What makes a sample of text: the corpus's content, how much of it, which tokens, and the seed."""
    from lmgeo.data.corpora import corpus_identity
    from lmgeo.data.sampling import SAMPLING_VERSION

    text: dict[str, Any] = {"corpus": corpus_identity(spec.corpus), "sequences": spec.sequences}
    if spec.sampling != "uniform":  # what was there before this setting keeps its keys
        text["sampling"] = {"policy": spec.sampling, "version": SAMPLING_VERSION}
    return {**text, "tokens": spec.tokens, "seed": spec.seed, "products": spec.products}


def task_identities(spec: EvaluateSpec) -> dict[str, dict[str, Any]]:
    """Each task asked for with the identity of its content.

    Raises:
        UnknownName: a task there is none of.
        SpecError: data that is not where the study says.
    """
    from lmgeo.data.tasks import task_identity

    return {task: task_identity(task, spec.data) for task in spec.tasks}
