"""What makes two results the same result: canonical JSON and the keys hashed from it."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from lmgeo.core.errors import SpecError

KEY_LENGTH = 24  # hex digits: 96 bits, no collision in any store a person can fill


def canonical_json(value: Any) -> str:
    """One text per value: sorted keys, no spaces, integral floats written as integers.

    Raises:
        SpecError: a value that JSON cannot hold exactly (NaN, infinity, an object).
    """
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, (bool, str, int)):
        return value
    if isinstance(value, float):
        if not math.isfinite(value):
            raise SpecError(f"{value!r} cannot be part of a result's identity", "use a finite number")
        # 20 and 20.0 in a YAML file mean the same setting
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        plain = {str(k): _plain(v) for k, v in value.items()}
        if len(plain) < len(value):
            raise SpecError(f"two keys of {sorted(map(repr, value))} read the same", "keep one of them")
        return plain
    if isinstance(value, (list, tuple)):
        return [_plain(v) for v in value]
    raise SpecError(f"a {type(value).__name__} cannot be part of a result's identity", "use plain JSON values")


def content_key(value: Any) -> str:
    """The key of a fully resolved spec: the same from the plan and from the record."""
    return hashlib.sha256(canonical_json(value).encode("utf-8", "surrogatepass")).hexdigest()[:KEY_LENGTH]


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, as hex; a file that was not written to since is not read again."""
    stat = path.stat()
    return _hash_file(path, stat.st_ino, stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=4096)  # a plan asks for the same corpora thousands of times
def _hash_file(path: Path, *_stamp: int) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def hash_texts(texts: list[str]) -> str:
    """One hash over a list of texts; their boundaries count."""
    digest = hashlib.sha256()
    for text in texts:
        raw = text.encode("utf-8", "surrogatepass")
        digest.update(len(raw).to_bytes(8, "little"))
        digest.update(raw)
    return digest.hexdigest()[:KEY_LENGTH]
