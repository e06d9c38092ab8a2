"""What a study wants of each model, as the identities that enter the keys."""

from __future__ import annotations

from typing import Any, Literal

from lmgeo.core.spec.blocks import EvaluateSpec, MeasureSpec


def wanted_measures(spec: MeasureSpec, of: Literal["cloud", "matrix"], seed: int) -> list[dict[str, Any]]:
    """The measures a block asks for, of clouds or of matrices, each with what makes its value.

    Raises:
        UnknownName: a glob that matches no measure, or an unknown protocol.
    """
    from lmgeo.measures.compute import identity_of, matrix_measures
    from lmgeo.measures.declare import MEASURES
    from lmgeo.measures.protocols import protocol

    settings = protocol(spec.protocol)
    names = MEASURES.select(spec.measures)
    if of == "matrix":
        names = [name for name in names if name in matrix_measures()]
    return [{"name": name, "version": MEASURES[name].version, **identity_of(name, settings, seed)} for name in names]


def task_identities(spec: EvaluateSpec | None) -> dict[str, dict[str, Any]]:
    """Each task asked for with the identity of its content.

    Raises:
        UnknownName: a task there is none of.
        SpecError: data that is not where the study says.
    """
    if spec is None:
        return {}
    from lmgeo.data.tasks import task_identity

    return {task: task_identity(task, spec.data) for task in spec.tasks}
