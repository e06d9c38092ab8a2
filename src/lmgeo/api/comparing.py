"""Two models, two layers or two clouds set against each other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.api.measuring import EVERY, Plugins, as_list
from lmgeo.api.sides import Named, read_sides
from lmgeo.core.errors import NotEnoughData, SpecError, UnknownName
from lmgeo.core.measurement import Measurement
from lmgeo.core.progress import Progress, silent

if TYPE_CHECKING:
    import numpy as np

    from lmgeo.represent.pairs import Pairing

_NO_ORDER = "rows of a plain cloud follow no sequence; compare two models"
_NO_TWIN = "the second is not named as the first one's untrained twin; write `untrained` for it"


def compare(
    a: str | np.ndarray,
    b: str | np.ndarray,
    measures: str | Sequence[str] = EVERY,
    *,
    corpus: str = "pydocs",
    sequences: int = 1000,
    tokens: str = "all",
    seed: int = 0,
    device: str = "cpu",
    plugins: Plugins = (),
    progress: Progress = silent,
) -> dict[str, Any]:
    """Set two models, two layers or two clouds against each other.

    Args:
        a, b: `MODEL[:SITE]` (the site by default `final`), two cloud files (`FILE[:ARRAY]`) whose rows pair, or two
            arrays (n, d); `b` may be `untrained` or `untrained(seed=3)`: the first model's untrained twin.
        measures: names or globs, e.g. `["cka"]`.
        corpus, sequences, tokens: as of `measure_model`.
        seed: of the sample of text.
        plugins: files of comparisons of one's own; they run.

    Returns:
        The document that `lmgeo compare A B --json` prints: `a`, `b`, `n` paired rows, `measures`.

    Raises:
        SpecError, UnknownName: what is named is not there, or rows that do not pair.
        NotEnoughData: no measure has a value.
    """
    from lmgeo.api.plugins import load_plugins
    from lmgeo.measures.declare import COMPARISONS

    load_plugins(plugins)
    names = COMPARISONS.select(as_list(measures))
    if not isinstance(a, str) or not isinstance(b, str):
        return _of_clouds((_shape(a), a), (_shape(b), b), names)
    first, second = read_sides(a, b)
    if first.is_file:
        return _of_clouds((a, _array(first)), (b, _array(second)), names)
    sampling = {"corpus": corpus, "sequences": sequences, "tokens": tokens, "seed": seed}
    return _of_models(first, second, names, sampling, device, progress)


def _of_clouds(a: tuple[str, Any], b: tuple[str, Any], names: Sequence[str]) -> dict[str, Any]:
    from lmgeo.measures.comparisons import Twins, compared
    from lmgeo.measures.inputs import as_cloud
    from lmgeo.states.comoments import CoMoments
    from lmgeo.states.steps import Steps

    (X, _), (Y, _) = as_cloud(a[1], "first cloud"), as_cloud(b[1], "second cloud")
    if len(X) != len(Y):
        raise SpecError(f"{a[0]} has {len(X)} rows and {b[0]} has {len(Y)}", "give clouds whose rows pair, one to one")
    available = {CoMoments: CoMoments.of_clouds(X, Y), Steps: _NO_ORDER, Twins: _NO_TWIN}
    return _document(a[0], b[0], len(X), compared(available, names))


def _of_models(
    a: Named, b: Named, names: Sequence[str], sampling: dict[str, Any], device: str, progress: Progress
) -> dict[str, Any]:
    from lmgeo.api.models import open_model
    from lmgeo.core.spec.base import validate
    from lmgeo.core.spec.blocks import RepresentSpec
    from lmgeo.core.spec.document import Document
    from lmgeo.data.corpora import open_corpus
    from lmgeo.data.sampling import sample_sequences
    from lmgeo.measures.comparisons import Twins, compared
    from lmgeo.measures.declare import COMPARISONS
    from lmgeo.represent.pairs import Side, represent_pair
    from lmgeo.states.comoments import CoMoments
    from lmgeo.states.rows import Rows
    from lmgeo.states.steps import Steps

    spec = validate(RepresentSpec, sampling, Document("the settings of compare", sampling))
    sample = sample_sequences(open_corpus(spec.corpus), spec.sequences, spec.seed)
    first = open_model(a.source, device)
    same = a.source == b.source and b.untrained is None
    second = first if same else open_model(b.source, device, untrained_seed=b.untrained)
    sides = Side(first, a.part or "final"), Side(second, b.part or "final")
    read = {COMPARISONS[name].state for name in names}
    twins = Twins in read and b.untrained is not None
    kinds = [kind for kind, wanted in ((Steps, Steps in read), (Rows, twins)) if wanted]
    passed = represent_pair(
        *sides, sample.texts, spec.tokens, joint=CoMoments in read, kinds=kinds, seed=spec.seed, progress=progress
    )
    found = compared(_available(passed), names, {k: s for k, s in passed.b.items() if k is Steps})
    shown = [f"{named.source}:{side.site}" for named, side in zip((a, b), sides, strict=True)]
    if b.untrained is not None:
        shown[1] = f"untrained(seed={b.untrained}):{sides[1].site}"
    notes = [*sample.notes, *passed.notes]
    text = {k: v for k, v in spec.resolved().items() if k in sampling}
    return {**_document(shown[0], shown[1], passed.n_rows, found), "sampling": text, "notes": notes}


def _available(passed: Pairing) -> Mapping[type, Any]:
    """For each state that comparisons read: what the pass gave, or why there is none."""
    from lmgeo.measures.comparisons import Twins
    from lmgeo.states.comoments import CoMoments
    from lmgeo.states.rows import Rows
    from lmgeo.states.steps import Steps

    twins = Twins(passed.a[Rows], passed.b[Rows]) if Rows in passed.a else _NO_TWIN
    available = {CoMoments: passed.joint, Steps: passed.a.get(Steps), Twins: twins}
    return {kind: state for kind, state in available.items() if state is not None}


def _document(a: str, b: str, n: int, found: Mapping[str, Measurement]) -> dict[str, Any]:
    from lmgeo.core.provenance import provenance

    if all(m.value is None for m in found.values()):
        reasons = "; ".join(dict.fromkeys(str(m.reason) for m in found.values()))
        raise NotEnoughData(f"no measure of {a} and {b} has a value: {reasons}", "give more rows, or other measures")
    measures = {name: m.to_json() for name, m in found.items()}
    return {"a": a, "b": b, "n": n, "measures": measures, "provenance": provenance()}


def write_comparison(found: Mapping[str, Any], out: str | Path) -> None:
    """Keep a comparison's document as `comparison.json` in a folder."""
    from lmgeo.core.files import write_json

    write_json(Path(out) / "comparison.json", found)


def _array(named: Named) -> Any:
    from lmgeo.data.clouds import load_clouds

    clouds, _ = load_clouds(Path(named.source))
    if named.part and named.part not in clouds:
        raise UnknownName.among("array", named.part, clouds, where=named.source)
    if not named.part and len(clouds) > 1:
        raise SpecError(
            f"{named.source} holds {len(clouds)} clouds: {', '.join(clouds)}", f"name one: {named.source}:NAME"
        )
    return clouds[named.part] if named.part else next(iter(clouds.values()))


def _shape(X: Any) -> str:
    return f"array {getattr(X, 'shape', '')}"
