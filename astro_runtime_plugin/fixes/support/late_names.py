"""Lets a module find some of its names only when somebody looks them up in it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from importlib import import_module
from types import ModuleType
from typing import Any


def find_late(module: ModuleType, find: Mapping[str, Callable[[], Any]]) -> None:
    """Have a module call one of these functions when its name is looked up, and keep the value under that name."""
    find_other = vars(module).get("__getattr__")

    def find_name(name: str) -> Any:
        if name in find:
            value = find[name]()
            setattr(module, name, value)
            return value
        if find_other:
            return find_other(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    module.__getattr__ = find_name  # type: ignore[method-assign]


def find_parts_late(package: ModuleType, names: Iterable[str]) -> None:
    """Have a package import these modules of it when they are looked up, as if somebody had imported them before."""
    find_late(package, {name: partial(import_module, f"{package.__name__}.{name}") for name in names})
