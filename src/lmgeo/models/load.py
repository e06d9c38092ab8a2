"""Loading a checkpoint folder: the class it was saved with, in float32, nothing left random unsaid."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from lmgeo.core.errors import LmgeoError, SpecError
from lmgeo.models import encoding
from lmgeo.models.build import seeded_module
from lmgeo.models.classes import classes_to_try
from lmgeo.models.content import CONFIG, family, read_config, stored_dtypes, weight_files
from lmgeo.models.handle import ModelHandle
from lmgeo.models.quiet import quiet
from lmgeo.models.weight_files import read_weights

_SHOWN = 5  # names of tensors in a message


def load_model(path: Path, *, untrained_seed: int | None = None, label: str | None = None) -> ModelHandle:
    """Load a checkpoint folder in float32 and eval mode, with its language-modelling head where it has one.

    Args:
        path: the folder.
        untrained_seed: the untrained twin instead: the same configuration, initialised from this seed.
        label: what to call it; default: the folder's name.

    Raises:
        SpecError: no checkpoint there, an unknown architecture, weights that are missing, broken, unsafe to
            read or not of the configuration.
    """
    label = label or path.resolve().name
    config = _config(path)
    open_tokenizer = encoding.opener(path)
    if untrained_seed is not None:
        automatic = classes_to_try(config)[0]
        _refuse_other_shapes(path, config, automatic)
        module = seeded_module(config, automatic, untrained_seed)
        return ModelHandle(module, f"{label} (untrained, seed {untrained_seed})", open_tokenizer)
    module = _module(path, config)
    return ModelHandle(module, label, open_tokenizer, _dtype_notes(path))


def _refuse_other_shapes(path: Path, config: Any, automatic: Any) -> None:
    """A configuration that is not of the weights beside it may be of a model that no memory holds."""
    try:
        stored = read_weights(path).tensors
        with quiet(), torch.device("meta"):
            made = {name: tuple(p.shape) for name, p in automatic.from_config(config).named_parameters()}
    except Exception:  # no weights, or a family that cannot be laid out without its values: nothing to compare
        return
    for name, shape in made.items():
        if name in stored and tuple(stored[name].shape) != shape:
            raise SpecError(
                f"{path / CONFIG} is not of the weights beside it: {name} is {list(stored[name].shape)} there and "
                f"{list(shape)} by the configuration",
                "give the checkpoint its own config.json",
            )


def _config(path: Path) -> Any:
    name = family(path)  # our own checks first: they say what is missing
    with quiet():
        from transformers import CONFIG_MAPPING, AutoConfig

        if name not in CONFIG_MAPPING:
            raise SpecError(f"{path / CONFIG}: unknown model_type {name!r}", _known(name, list(CONFIG_MAPPING)))
        raw = read_config(path)
        try:
            if "model_type" not in raw:
                return AutoConfig.for_model(name, **raw)
            return AutoConfig.from_pretrained(str(path), local_files_only=True, trust_remote_code=False)
        except Exception as error:  # its validators raise their own kinds
            raise SpecError(f"{path / CONFIG}: {_reason(error)}", "mend the value, or download it again") from error


def _known(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=3)
    mend = f"did you mean {' or '.join(map(repr, near))}?" if near else "give a model that transformers knows"
    return f"{mend} A checkpoint's own code is never run"


def _module(path: Path, config: Any) -> nn.Module:
    files = weight_files(path)
    missing: list[str] = []
    for automatic in classes_to_try(config):
        module, missing = _read(path, config, automatic, files)
        if missing and all("pooler" in name for name in missing):
            # no site is behind the pooler: better none than a random one
            module.base_model.pooler = None
            missing = []
        if not missing:
            return module
    shown = ", ".join(missing[:_SHOWN]) + (", …" if len(missing) > _SHOWN else "")
    raise SpecError(
        f"{path} lacks {len(missing)} of the model's tensors: {shown}",
        f"save the checkpoint again, or name in {CONFIG} ('architectures') the class it was saved from",
    )


def _read(path: Path, config: Any, automatic: Any, files: dict[str, Path]) -> tuple[Any, list[str]]:
    """The module and the names of the tensors that the files lack."""
    safe = any(name.endswith(".safetensors") for name in files)
    try:
        with quiet():
            module, told = automatic.from_pretrained(
                str(path),
                config=config,
                dtype=torch.float32,
                local_files_only=True,
                trust_remote_code=False,
                use_safetensors=safe,
                weights_only=True,
                output_loading_info=True,
            )
    except LmgeoError:
        raise
    except Exception as error:  # safetensors, pickle, zip and transformers each raise their own kinds
        raise SpecError(f"the weights in {path} cannot be read: {_reason(error)}", _mend(safe)) from error
    return module.float(), sorted(told["missing_keys"])


def _mend(safe: bool) -> str:
    if safe:
        return "check that the weights are whole and belong to this config.json; download or save them again"
    return "a .bin file is read only if it holds nothing but tensors: save the model again as safetensors"


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # validators say the field in one line and what is wrong with it in the next
    return f"{type(error).__name__}: {' '.join(lines[:2])[:300]}" if lines else type(error).__name__


def _dtype_notes(path: Path) -> list[str]:
    names = {"F16": "float16", "BF16": "bfloat16", "F64": "float64"}
    other = sorted(names.get(t, t) for t in stored_dtypes(path) - {"F32", "BOOL"})
    return [f"weights stored as {', '.join(other)}, computed in float32"] if other else []
