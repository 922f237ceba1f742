"""Applies a fix's patches to a module that has just been imported, or to what executes it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from types import ModuleType
from typing import Any

from astro_runtime_plugin.fixes.fix import ANY_SOURCE, Patch
from astro_runtime_plugin.fixes.source import function_digest, module_digest


class DifferentSourceError(Exception):
    """A function is not the one that the fix was proven against."""


# What to put in the place of a function: the module or class that has it, its name there, and the value.
Replacement = tuple[Any, str, Any]


def apply(patches: Sequence[Patch], module: ModuleType) -> None:
    """Put the wrapped functions of a module in the place of the originals: all of them or none.

    Raises DifferentSourceError if a function differs from the proven one, cannot be read, or is not there.
    """
    for owner, name, value in [prepare(patch, module) for patch in patches]:
        setattr(owner, name, value)


def prepare(patch: Patch, module: ModuleType) -> Replacement:
    """Return what to replace, and change nothing. Raises DifferentSourceError as `apply` does."""
    *owners, name = patch.function.split(".")
    owner: Any = module
    try:
        for part in owners:
            owner = getattr(owner, part)
        attribute = vars(owner)[name]
    except (AttributeError, KeyError):
        raise DifferentSourceError(f"{patch.function} is not in {patch.module}") from None
    return owner, name, _wrap(patch, attribute)


def _wrap(patch: Patch, attribute: Any) -> Any:
    """Return the attribute with its function wrapped; static and class methods and properties stay what they are."""
    if isinstance(attribute, (staticmethod, classmethod)):
        return type(attribute)(_wrap(patch, attribute.__func__))
    if isinstance(attribute, property):
        return attribute.getter(_wrap(patch, attribute.fget))
    check_source(patch, attribute)
    return patch.wrap(attribute)


def check_source(patch: Patch, function: Any) -> None:
    """Raise DifferentSourceError unless the source of the loaded function is one that the fix was proven against."""
    try:
        digest = function_digest(function)
    except (OSError, AttributeError, IndexError, ValueError):
        raise DifferentSourceError(f"the source of {patch.function} cannot be read") from None
    if digest not in patch.sources:
        raise DifferentSourceError(
            f"{patch.function} in {patch.module} differs from the source it was proven against"
        )


def check_file(patch: Patch, path: str | None) -> None:
    """Raise DifferentSourceError unless the file of a module is one that the fix was proven against."""
    if patch.sources == ANY_SOURCE:
        return
    try:
        digest = module_digest(path or "")
    except (OSError, ValueError):
        raise DifferentSourceError(f"the source of {patch.module} cannot be read") from None
    if digest not in patch.sources:
        raise DifferentSourceError(f"{patch.module} differs from the source it was proven against")


@cache
def applied_fixes() -> set[str]:
    """Return the ids of the fixes that this process has applied, for at least one module; callers add to it."""
    return set()
