"""Attributes that are made when first read, without a lock."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, final, overload

T = TypeVar("T")


@final
class made_once(Generic[T]):  # noqa: N801  # reads as the decorator it is
    """A property that is computed when first read and kept.

    Before Python 3.12 `functools.cached_property` holds one lock for all instances of a class while it
    computes (https://github.com/python/cpython/issues/87634), so that threads at work on different
    objects wait for each other. Here two threads that read the same object's first may both compute it, so it must
    be a pure function of the object; the value of the one that ends last is kept.
    """

    def __init__(self, function: Callable[[Any], T]) -> None:
        self._function = function
        self.__doc__ = function.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    @overload
    def __get__(self, instance: None, owner: type) -> made_once[T]: ...

    @overload
    def __get__(self, instance: object, owner: type) -> T: ...

    def __get__(self, instance: object | None, owner: type) -> made_once[T] | T:
        if instance is None:
            return self
        value = instance.__dict__[self._name] = self._function(instance)
        return value
