"""Array shapes in annotations: a single place to import them from."""

from __future__ import annotations

from jaxtyping import Bool, Float, Float32, Float64, Int, Shaped
from numpy import ndarray

__all__ = ["Bool", "Float", "Float32", "Float64", "Int", "Shaped", "ndarray"]
