"""What a fix is: which functions of Airflow it wraps, for which source, and until when."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

BOTH_LINES = ("3.3", "2.11")
Wrap = Callable[[Any], Any]
WHOLE_MODULE = "the whole module"
"""The function of a patch that wraps what executes the module: a function that takes the module, which is empty still.

Its digests are those of the file. Airflow's settings cannot be read there.
"""
ANY_SOURCE = ("any",)
"""The digests of a patch that suits any source, because it does not depend on what the module has."""


def lazy(name: str) -> Wrap:
    """Return the wrapper `module.function` of `support/`, imported when it wraps: a process imports what it needs."""
    module, _, function = name.rpartition(".")

    def wrap(original: Any) -> Any:
        return getattr(import_module(f"astro_runtime_plugin.fixes.support.{module}"), function)(original)

    wrap.__name__ = function
    return wrap


class Patch(NamedTuple):
    """One function of Airflow that a fix wraps or replaces.

    Each patch must be harmless on its own: the others are left out if their functions have a different source.
    """

    module: str
    """The full name of the module."""
    function: str
    """The function's name in the module; `Class.method` for a method; or WHOLE_MODULE."""
    sources: tuple[str, ...]
    """The digests (`source.digest`) of every source text that the fix was proven against."""
    wrap: Wrap
    """Takes the original function and returns the function to use in its place."""
    lines: tuple[str, ...] = BOTH_LINES


class Fix(NamedTuple):
    """A fault of Airflow that the Runtime repairs until Airflow does."""

    id: str
    """The name of the fix's module, with hyphens."""
    title: str
    """What works with the fix, as one sentence."""
    symptom: str
    """What an operator saw without it."""
    issue: str
    """The URL of the upstream issue or pull request; "" if there is none."""
    ends: str
    """The condition under which the fix is removed."""
    patches: tuple[Patch, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The lines that have the fault, newest first."""
        return tuple(line for line in BOTH_LINES if self.patches_for(line))

    def patches_for(self, line: str) -> tuple[Patch, ...]:
        """Return the patches that apply to a line."""
        return tuple(patch for patch in self.patches if line in patch.lines)
