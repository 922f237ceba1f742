"""A module with a fault in each kind of function, in a file of its own, and fixes for it."""

from __future__ import annotations

import sys
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from astro_runtime_plugin.fixes.fix import BOTH_LINES, Fix, Patch
from astro_runtime_plugin.fixes.source import file_digest

NAME = "victim_of_a_fault"
SOURCE = '''\
from functools import wraps

def decorate(function):
    @wraps(function)
    def decorated(*arguments):
        return function(*arguments)
    return decorated

def function(
    one=1,
    # a comment in the signature
) -> str:
    """Has a docstring."""

    text = """
not indented
"""
    assert text
    return "stock"  # the end
    # a comment at the end

# a comment between functions
@decorate
@decorate
def decorated():
    return "stock"

if True:
    def conditional(): return "stock"

class Class:
    def method(self):
        return (
            "stock"
        )

    @staticmethod
    def static():
        def inside():
            return "stock"
        return inside()

    @classmethod
    @decorate
    def of_class(cls):
        return "stock"

    @property
    def value(self):
        return "stock"

    @value.setter
    def value(self, value):
        pass

    class Inner:
        def method(self):
            return "stock"

NO_FUNCTION = 1
'''
# By function: an expression that calls it.
CALLS = {
    "function": "function()",
    "decorated": "decorated()",
    "conditional": "conditional()",
    "Class.method": "Class().method()",
    "Class.static": "Class.static()",
    "Class.of_class": "Class.of_class()",
    "Class.value": "Class().value",
    "Class.Inner.method": "Class.Inner().method()",
}


def write(folder: Path, source: str = SOURCE) -> Path:
    """Write the module, and return its file."""
    path = folder / f"{NAME}.py"
    path.write_text(source)
    return path


def load(folder: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """Import the module from a folder; the end of the test forgets it."""
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setitem(sys.modules, NAME, ModuleType(NAME))
    del sys.modules[NAME]
    return import_module(NAME)


def outcome(module: ModuleType, function: str) -> Any:
    """Return what a function of the module returns: `stock`, or `fixed` with the patch."""
    return eval(CALLS[function], vars(module))


def repair(original: Any) -> Any:
    """Wrap a function, so that it returns `fixed`."""

    @wraps(original)
    def repaired(*arguments: Any) -> str:
        assert original(*arguments) == "stock"
        return "fixed"

    return repaired


def patch(path: Path, function: str, wrap: Any = repair) -> Patch:
    """Return a patch that suits the function in a file."""
    return Patch(NAME, function, (file_digest(str(path), function),), wrap, BOTH_LINES)


def fix(*patches: Patch) -> Fix:
    """Return a fix with patches."""
    return Fix("victim", "It works.", "It did not.", "", "It ends.", patches)
