"""Airflow may pass an argument by its name, so a wrapper has no other names than the function that it wraps."""

from __future__ import annotations

import inspect
from importlib import import_module
from typing import Any

import pytest

from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Patch
from astro_runtime_plugin.fixes.registry import load_fixes
from testing.installed_line import LINE

PATCHES = [patch for fix in load_fixes() for patch in fix.patches_for(LINE) if patch.function != WHOLE_MODULE]


def original(patch: Patch) -> Any:
    """Return the function as Airflow wrote it, without decorators, and without a fix that this process has applied."""
    *owners, name = patch.function.split(".")
    owner: Any = import_module(patch.module)
    for part in owners:
        owner = getattr(owner, part)
    function: Any = vars(owner)[name]
    if isinstance(function, property):
        function = function.fget
    function = getattr(function, "__func__", function)  # of a static or class method
    return inspect.unwrap(function)


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: f"{patch.function}-{patch.wrap.__name__}")
def test_wrapper_takes_arguments_by_the_names_of_airflow(patch: Patch) -> None:
    function = original(patch)
    wrapper = inspect.signature(patch.wrap(function), follow_wrapped=False).parameters.values()
    names = [parameter.name for parameter in wrapper if parameter.kind is parameter.POSITIONAL_OR_KEYWORD]
    first = "." in patch.function  # the object or class, which nobody passes by name
    assert names[first:] == list(inspect.signature(function).parameters)[first : len(names)]
