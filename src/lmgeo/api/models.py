"""Models: opened, perturbed, pre-trained, evaluated."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lmgeo.core.errors import SpecError
from lmgeo.core.progress import Progress, silent
from lmgeo.core.spec.base import Strict, validate
from lmgeo.core.spec.blocks import EvaluateSpec, FinetuneSpec
from lmgeo.core.spec.document import Document

if TYPE_CHECKING:
    from lmgeo.core.spec.pretrain import PretrainSpec
    from lmgeo.models.handle import ModelHandle
    from lmgeo.train.causal_text import CausalText
    from lmgeo.train.training_record import PretrainResult


def open_model(source: str, device: str = "cpu", *, untrained_seed: int | None = None) -> ModelHandle:
    """Load a model from a checkpoint folder or `hf:ID[@REVISION]`.

    Args:
        source: the model.
        device: where it is to run.
        untrained_seed: its untrained twin instead: the same configuration, initialised from this seed.

    Raises:
        SpecError: nothing there, no checkpoint, or the hub is needed and the network is off.
    """
    from lmgeo.models.load import load_model
    from lmgeo.models.source import resolve

    check_device(device)
    return load_model(resolve(source).path, untrained_seed=untrained_seed).to(device)


def check_device(name: str) -> None:
    """Refuse a device that torch does not know or this machine does not have.

    Raises:
        SpecError: with the devices there are.
    """
    import torch

    there = ["cpu", *(f"cuda:{i}" for i in range(torch.cuda.device_count()))]
    if torch.cuda.is_available():
        there.append("cuda")
    if name not in there and not (name == "mps" and torch.backends.mps.is_available()):
        raise SpecError(f"there is no device {name!r} here", f"use one of: {', '.join(there)}")


def perturb(source: str, kind: str, settings: Mapping[str, Any], out: str | Path) -> dict[str, str]:
    """Write a perturbed copy of a model as an ordinary checkpoint.

    Args:
        source: the base model.
        kind: the perturbation's name, e.g. `noise`.
        settings: its settings, e.g. `{"alpha": 20, "seed": 1}`; those of `gptq` name a calibration text too.
        out: a new folder.

    Returns:
        `{"path", "key"}`; the key names the content: base and perturbation.

    Raises:
        SpecError, UnknownName: a kind or setting there is none of, or `out` is there already.
    """
    from lmgeo.core.identity import content_key
    from lmgeo.models.content import content
    from lmgeo.models.source import resolve
    from lmgeo.perturb.declare import PERTURBATIONS
    from lmgeo.study.perturbing import perturbation_identity, perturbed

    chosen = PERTURBATIONS[kind].settings
    target = _new_folder(out)
    spec = validate(chosen, dict(settings), Document(f"the settings of {kind}", dict(settings)))
    perturbation = perturbation_identity(kind, spec)
    perturbed(open_model(source), kind, spec).save(target)
    identity = {"base": {"content": content(resolve(source).path)}, "perturbation": perturbation}
    return {"path": str(target), "key": content_key(identity)}


def pretrain(spec: str | Path | Mapping[str, Any], out: str | Path, progress: Progress = silent) -> dict[str, str]:
    """Train one model from a spec and leave an ordinary checkpoint; a killed run continues.

    Where the spec asks for checkpoints, geometry and held-out loss are taken at each, as a study's default
    `trajectory` has it, and stand under `looks` in `training.json`.

    Args:
        spec: a YAML file of `pretrain` settings, or the settings themselves.
        out: the checkpoint folder to make.

    Returns:
        `{"path", "key"}`; the key is the training spec's with the corpus's content.

    Raises:
        SpecError: a setting that cannot be, or a folder that holds something else.
        NotEnoughData: too little text.
        Diverged: the loss is not finite.
        Unfinished: the spec's `minutes` have passed.
    """
    from lmgeo.core.spec.document import located, read_document
    from lmgeo.core.spec.model import PretrainSpec
    from lmgeo.study.bases import training_identity
    from lmgeo.study.cells import model_key
    from lmgeo.train.training_text import training_text

    if isinstance(spec, Mapping):
        document = Document("the training spec", dict(spec))
    else:
        document = read_document(Path(spec))
        if isinstance(document.value, dict) and list(document.value) == ["pretrain"]:
            document.value = document.value["pretrain"]
    settings = validate(PretrainSpec, document.value, document)
    with located(document, ("corpus",)):
        key, text = model_key(training_identity(settings)), training_text(settings)
    result = _trained(settings, text, key, Path(out), progress)
    return {"path": str(result.path), "key": key}


def _trained(
    spec: PretrainSpec, text: Sequence[str] | CausalText, key: str, out: Path, progress: Progress
) -> PretrainResult:
    """The run, looked at where its spec asks for checkpoints."""
    from lmgeo.core.spec.trajectory import TrajectorySpec
    from lmgeo.study.trajectory import looker, trajectory_identity, trajectory_key
    from lmgeo.train.pretrain import pretrain as train

    if not (spec.log_checkpoints or spec.even_checkpoints):
        return train(spec, text, out, progress)
    usual = TrajectorySpec()
    seen = trajectory_key(key, trajectory_identity(usual, spec))
    result = train(spec, text, out, progress, on_checkpoint=looker(usual, spec, text), looks_key=seen)
    if result.looks_key != seen:
        raise SpecError(
            f"{out} holds this run finished, but looked at elsewhere or otherwise", "give a new folder, or remove it"
        )
    return result


def evaluate(
    source: str,
    tasks: str | Sequence[str],
    *,
    data: str | None = None,
    seed: int = 0,
    train_examples: int | None = None,
    settings: Mapping[str, Any] | None = None,
    device: str = "cpu",
    progress: Progress = silent,
) -> dict[str, Any]:
    """Fine-tune a model on each task and score it on the task's development set.

    Args:
        source: a checkpoint folder, or `hf:ID[@REVISION]`.
        tasks: names, e.g. `["rte", "sst2"]`; `lm-eval:NAME` is a task of the lm-evaluation-harness, for which
            nothing is fine-tuned and of the settings only the seed counts.
        data: folder with one folder a task in GLUE's layout, or `hf:`; the embedded tasks need none.
        train_examples: size of a seeded, label-stratified subset of the training set.
        settings: of the fine-tuning: epochs, learning_rate, batch_size, max_length, warmup_fraction, weight_decay.

    Returns:
        The document that `lmgeo evaluate --json` prints. Scores are fractions or correlations;
        `average` is their plain mean, null if any is missing.

    Raises:
        UnknownName, SpecError: a task, file or setting that is not there.
        MissingExtra: a task of the harness where that is not installed.
    """
    from lmgeo.api.harness import evaluate_in_harness
    from lmgeo.data.tasks import load_task
    from lmgeo.train.finetune import finetune
    from lmgeo.train.harness import PREFIX

    tasks = [tasks] if isinstance(tasks, str) else list(tasks)
    raw = dict(settings or {})
    chosen = validate(FinetuneSpec, raw, Document("--set", raw))
    whole = {"tasks": tasks, "seeds": [seed], "train_examples": train_examples}
    validate(EvaluateSpec, whole, Document("the settings of evaluate", whole))
    outside = [task.removeprefix(PREFIX) for task in dict.fromkeys(tasks) if task.startswith(PREFIX)]
    loaded = [load_task(task, data) for task in dict.fromkeys(tasks) if not task.startswith(PREFIX)]
    model = open_model(source, device)
    # first, for they end at once where the harness or a task is missing
    scores = evaluate_in_harness(source, model, outside, seed=seed, progress=progress) if outside else {}
    for task in loaded:
        score = finetune(model, task, chosen, seed, train_examples=train_examples, progress=progress)
        scores[task.task.name] = score.to_json()
    return {"model": source, "tasks": scores, **averages({name: s["score"] for name, s in scores.items()})}


def averages(scores: Mapping[str, float | None]) -> dict[str, Any]:
    """The plain mean of the tasks asked for, and GLUE's own name only for its full sets."""
    known = [score for score in scores.values() if score is not None]
    mean = sum(known) / len(known) if known and len(known) == len(scores) else None
    glue = {"cola", "sst2", "mrpc", "stsb", "qqp", "mnli", "qnli", "rte", "wnli"}
    sets = {frozenset(glue): "all nine tasks", frozenset(glue - {"wnli"}): "eight tasks, WNLI left out"}
    said = sets.get(frozenset(scores))
    return {"average": mean, **({"glue_average": mean, "glue_average_of": said} if said else {})}


def _new_folder(out: str | Path) -> Path:
    target = Path(out)
    if target.exists() and (target.is_file() or any(target.iterdir())):
        raise SpecError(f"--out {str(target)!r} is there already", "name a new folder")
    return target


def finetune_settings(pairs: Sequence[str]) -> dict[str, Any]:
    """`key=value` texts as fine-tuning settings."""
    return _settings(pairs, FinetuneSpec)


def perturbation_settings(kind: str, pairs: Sequence[str]) -> dict[str, Any]:
    """`key=value` texts as settings of one kind of perturbation."""
    from lmgeo.perturb.declare import PERTURBATIONS

    return _settings(pairs, PERTURBATIONS[kind].settings)


def _settings(pairs: Sequence[str], spec: type[Strict]) -> dict[str, Any]:
    import yaml

    from lmgeo.core.errors import UnknownName

    found: dict[str, Any] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals:
            raise SpecError(f"{pair!r} is no key=value", f"keys: {', '.join(spec.model_fields)}")
        if key in found:
            raise SpecError(f"{key!r} is set twice", "keep one of them")
        if key not in spec.model_fields:
            raise UnknownName.among("setting", key, spec.model_fields)
        try:
            found[key] = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SpecError(f"{pair!r}: the value is not plain", "write a number or a word") from error
    return found
