"""Applies a fix's patches to a module that has just been imported."""

from __future__ import annotations

from functools import cache
from types import FunctionType, ModuleType
from typing import Any

from astro_runtime_plugin.fixes.fix import Patch
from astro_runtime_plugin.fixes.source import function_digest


class DifferentSourceError(Exception):
    """A function is not the one that the fix was proven against."""


def apply(patch: Patch, module: ModuleType) -> None:
    """Put the wrapped function in the place of the original.

    Raises DifferentSourceError if the function differs from the proven one, cannot be read, or is not there.
    """
    *owners, name = patch.function.split(".")
    owner: Any = module
    try:
        for part in owners:
            owner = getattr(owner, part)
        attribute = vars(owner)[name]
    except (AttributeError, KeyError):
        raise DifferentSourceError(f"{patch.function} is not in {patch.module}") from None
    function = getattr(attribute, "__func__", attribute)  # of a static or class method
    check_source(patch, function)
    wrapped = patch.wrap(function)
    setattr(owner, name, type(attribute)(wrapped) if function is not attribute else wrapped)


def check_source(patch: Patch, function: FunctionType) -> None:
    """Raise DifferentSourceError unless the source of the loaded function is one that the fix was proven against."""
    try:
        digest = function_digest(function)
    except (OSError, AttributeError, IndexError, SyntaxError):
        raise DifferentSourceError(f"the source of {patch.function} cannot be read") from None
    if digest not in patch.sources:
        raise DifferentSourceError(
            f"{patch.function} in {patch.module} differs from the source it was proven against"
        )


@cache
def applied() -> set[str]:
    """Return the ids of the fixes that this process has applied, for at least one function; callers add to it."""
    return set()
