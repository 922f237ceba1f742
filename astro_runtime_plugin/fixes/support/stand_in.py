"""Stands for a module while another one is executed that imports it, but does not need it for that."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType
from typing import Any


class StandIn(ModuleType):
    """Has the values that the importer gets for the names that it looks up; any other importer gets the module."""

    def __init__(self, name: str, importer: str, values: Mapping[str, Any]) -> None:
        super().__init__(name)
        self._importer, self._values = importer, values

    def __getattr__(self, name: str) -> Any:
        """Return the importer's value, or what the module has."""
        if name.startswith("__"):
            raise AttributeError(name)
        if name in self._values and sys._getframe(1).f_globals.get("__name__") == self._importer:
            return self._values[name]
        withdraw(self)
        return getattr(import_module(self.__name__), name)


class LateName:
    """Stands for what a module has under a name; the module is imported when that is used."""

    def __init__(self, module: str, name: str) -> None:
        self._module, self._name = module, name

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of what the module has."""
        return getattr(getattr(import_module(self._module), self._name), name)

    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call what the module has."""
        return getattr(import_module(self._module), self._name)(*args, **options)


@contextmanager
def stand_in(name: str, importer: str, values: Mapping[str, Any]) -> Iterator[None]:
    """Have a StandIn in the place of a module that has not been imported, until the end of the block."""
    module = sys.modules[name] = StandIn(name, importer, values)
    try:
        yield
    finally:
        withdraw(module)


def withdraw(module: ModuleType) -> None:
    """Let the next import find the module itself."""
    if sys.modules.get(module.__name__) is module:
        del sys.modules[module.__name__]
