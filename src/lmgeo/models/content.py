"""What is in a checkpoint folder, and its identity; needs neither torch nor transformers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from lmgeo.core.errors import SpecError
from lmgeo.core.identity import content_key, hash_file
from lmgeo.core.safetensors import read_header
from lmgeo.models.step_names import read_step_name

CONFIG = "config.json"
# in the order in which a loader looks for them
_WEIGHTS = ("model.safetensors", "model.safetensors.index.json", "pytorch_model.bin", "pytorch_model.bin.index.json")
_OTHER_FRAMEWORKS = ("tf_model.h5", "flax_model.msgpack", "model.ckpt.index", "rust_model.ot", "model.onnx")
_VOCABULARIES = (
    "tokenizer.json",
    "vocab.txt",
    "vocab.json",
    "tokenizer.model",
    "spiece.model",
    "spm.model",
    "sentencepiece.bpe.model",
    "sentencepiece.model",
)
_BESIDE_VOCABULARY = ("merges.txt", "added_tokens.json")
_TOKENIZER_SETTINGS = ("tokenizer_config.json", "special_tokens_map.json")
_FIRST_BERT = frozenset(
    {
        "hidden_size",
        "num_hidden_layers",
        "num_attention_heads",
        "intermediate_size",
        "type_vocab_size",
        "vocab_size",
        "max_position_embeddings",
        "attention_probs_dropout_prob",
    }
)
# where a file came from, and what wrote it: no part of what the model is
_PROVENANCE = frozenset({"_name_or_path", "name_or_path", "transformers_version", "tokenizer_file", "_commit_hash"})


def content(path: Path) -> dict[str, str | None]:
    """The identity of a checkpoint: hashes of its weights, its configuration and its tokenizer.

    Names of shards count; places, dates and files that no loader reads do not. `tokenizer` is None where
    the folder has none.

    Raises:
        SpecError: the folder is no checkpoint: no readable config.json, no weights, a missing shard.
    """
    return {
        "weights": _hash_of(weight_files(path)),
        "config": content_key(_as_identity(read_config(path))),
        "tokenizer": tokenizer_hash(path),
    }


def family(path: Path) -> str:
    """The architecture's name, `model_type` of config.json.

    Raises:
        SpecError: no readable config.json, or none named in it.
    """
    config = read_config(path)
    name = config.get("model_type", "bert" if _is_first_bert(config) else None)
    if not isinstance(name, str) or not name:
        raise SpecError(f"{path / CONFIG} has no model_type", 'add the architecture\'s name, e.g. "model_type": "bert"')
    return name


def block_count(path: Path) -> int:
    """How many blocks a model has, from config.json; 0 where it does not say.

    Raises:
        SpecError: no readable config.json.
    """
    config = read_config(path)
    config = config.get("text_config", config)
    counts = (config.get(name) for name in ("num_hidden_layers", "n_layer", "n_layers", "num_layers"))
    return next((count for count in counts if isinstance(count, int)), 0)


def _is_first_bert(config: Mapping[str, Any]) -> bool:
    """The first BERT checkpoints and their smaller kin name no type; these keys together are theirs."""
    return not config.get("architectures") and set(config) >= _FIRST_BERT


def read_config(path: Path) -> dict[str, Any]:
    """The raw config.json.

    Raises:
        SpecError: no such folder, no config.json, or not a JSON object.
    """
    if not path.is_dir():
        raise SpecError(f"{path} is {_not_a_folder(path)}", "give a checkpoint folder, one with a config.json")
    if not (path / CONFIG).is_file():
        raise SpecError(f"{path} has no {CONFIG}, so it is no model", _near_folders(path))
    return _read_json(path / CONFIG)


def weight_files(path: Path) -> dict[str, Path]:
    """The files that hold the weights, by name; safetensors before `.bin`, shards through their index.

    Raises:
        SpecError: none is there, or the index is unreadable or names a file that is not there.
    """
    name = next((n for n in _WEIGHTS if (path / n).is_file()), None)
    if name is None:
        raise SpecError(f"{path} has no weights", _weights_mend(path))
    if not name.endswith(".index.json"):
        return {name: path / name}
    return {name: path / name, **_shards(path, path / name)}


def indexed_tensors(path: Path) -> list[str]:
    """The tensors that the shards' index names; none where there are no shards.

    Raises:
        SpecError: as `weight_files`.
    """
    return [t for name, file in weight_files(path).items() if name.endswith(".json") for t in _weight_map(file)]


def has_tokenizer(path: Path) -> bool:
    """Whether a vocabulary is there; settings alone make no tokenizer."""
    return any((path / name).is_file() for name in _VOCABULARIES)


def stored_dtypes(path: Path) -> set[str]:
    """The number types in the safetensors files, as they name them (`F32`, `BF16`); empty for `.bin` files.

    Raises:
        SpecError: a file whose header cannot be read.
    """
    files = [file for name, file in weight_files(path).items() if name.endswith(".safetensors")]
    return {tensor.dtype for file in files for tensor in read_header(file)[0].values() if tensor.dtype[:1] in "FB"}


def _weight_map(index: Path) -> dict[str, Any]:
    entries = _read_json(index).get("weight_map")
    if not isinstance(entries, dict) or not entries:
        raise SpecError(f"{index} has no weight_map", "download or save the checkpoint again")
    return entries


def _shards(path: Path, index: Path) -> dict[str, Path]:
    names = sorted({str(name) for name in _weight_map(index).values()})
    for name in names:
        if Path(name).name != name:
            raise SpecError(f"{index} names a shard outside its folder: {name!r}", "do not use this checkpoint")
        if not (path / name).is_file():
            raise SpecError(f"{index} names {name!r}, which is not there", "copy every shard beside the index")
    return {name: path / name for name in names}


def _read_json(file: Path) -> dict[str, Any]:
    try:
        # NaN and Infinity occur in some configurations; as text they can be part of an identity
        value = json.loads(file.read_text(encoding="utf-8"), parse_constant=str)
    except (ValueError, OSError) as error:
        raise SpecError(f"{file} is not readable JSON ({error})", "download or save the checkpoint again") from error
    if not isinstance(value, dict):
        raise SpecError(f"{file} holds no JSON object", "download or save the checkpoint again")
    return value


def _as_identity(value: Any) -> Any:
    """JSON without the keys that say where it came from."""
    if isinstance(value, Mapping):
        return {k: _as_identity(v) for k, v in value.items() if k not in _PROVENANCE}
    if isinstance(value, list):
        return [_as_identity(v) for v in value]
    return value


def tokenizer_hash(path: Path) -> str | None:
    """The identity of a checkpoint's tokenizer, its vocabulary and settings; None where it has none.

    Raises:
        SpecError: settings that are not readable JSON.
    """
    if not has_tokenizer(path):
        return None
    files = {n: path / n for n in (*_VOCABULARIES, *_BESIDE_VOCABULARY) if (path / n).is_file()}
    settings = {n: _as_identity(_read_json(path / n)) for n in _TOKENIZER_SETTINGS if (path / n).is_file()}
    return content_key({"files": _hash_of(files), "settings": settings})


def _hash_of(files: Mapping[str, Path]) -> str:
    return content_key({name: hash_file(path) for name, path in files.items()})


def _not_a_folder(path: Path) -> str:
    return "a file, not a folder" if path.exists() else "not there"


def _near_folders(path: Path) -> str:
    """The mend for a folder that is no checkpoint: how its steps are measured, or what checkpoints lie in it."""
    if any(read_step_name(child.name) for child in path.iterdir() if child.is_dir()):
        return f"it is a suite: `lmgeo run` measures its steps in a study with\n    models:\n      - steps: {path}"
    found = sorted(child.name for child in path.iterdir() if (child / CONFIG).is_file())
    if found:
        return f"give one of the checkpoints in it: {', '.join(found[:5])}"
    return f"give a checkpoint folder, one with a {CONFIG}"


def _weights_mend(path: Path) -> str:
    other = [name for name in _OTHER_FRAMEWORKS if (path / name).exists()]
    if other:
        return f"{other[0]} cannot be read: convert it to model.safetensors"
    return "put model.safetensors (or its shards with their index) beside config.json"
