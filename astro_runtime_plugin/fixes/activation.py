"""Applies each fix when Airflow imports a module that it patches: before the module is executed, or after that."""

from __future__ import annotations

import os
import sys
from functools import cache
from typing import TYPE_CHECKING

from astro_runtime_plugin.fixes.import_hook import call_after_import, wrap_import
from astro_runtime_plugin.fixes.registry import FIXES, LINE_OF, WHOLE_MODULES, ids, load_fix

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from astro_runtime_plugin.fixes.import_hook import Execute
    from astro_runtime_plugin.fixes.selection import Selection

_watched: set[str] = set()
_warned: set[str] = set()  # the ids of fixes that this process has warned of


@cache
def selection() -> Selection:
    """Return the operator's selection, which each process reads once."""
    from airflow.configuration import conf

    from astro_runtime_plugin.fixes.selection import read_selection

    return read_selection(conf)


@cache
def early_selection() -> Selection:
    """Return the operator's selection while Airflow's settings cannot be read yet."""
    from astro_runtime_plugin.fixes.selection import read_early_selection

    return read_early_selection(os.environ)


def check_selection() -> None:
    """Raise StartError if the selection turns off a fix that does not exist, or is not understood."""
    selection().check(ids())


def watch_imports(*, loaded: bool) -> None:
    """Apply the fixes of each module when it is imported; if `loaded`, also those of modules that have been imported.

    Pass `loaded=False` while `airflow` is being imported for the first time, because applying a fix would then import
    it a second time. Another call handles only the modules that are not watched yet.
    """
    for module in watched_modules(whole=False) - _watched:
        if loaded or module not in sys.modules:
            _watched.add(module)
            call_after_import(module, apply_fixes)
    for module in watched_modules(whole=True):
        wrap_import(module, wrapper(module))


def watched_modules(*, whole: bool) -> set[str]:
    """Return the modules whose execution is wrapped, if `whole`; else those with functions to patch after it."""
    return {module for fix, modules in FIXES.items() for module in modules if (fix in WHOLE_MODULES) is whole}


def fixes_of(module: str, *, whole: bool) -> list[str]:
    """Return the fixes of a module: those that wrap its execution, or those that patch its functions."""
    return [fix for fix, modules in FIXES.items() if module in modules and (fix in WHOLE_MODULES) is whole]


def watches_imports() -> bool:
    """Whether this process applies the fixes."""
    return bool(_watched)


def apply_fixes(module: ModuleType) -> None:
    """Apply the fixes of a module. A fix that cannot be applied leaves its functions as stock, with one warning."""
    name = module.__spec__.name if module.__spec__ else module.__name__
    try:
        from airflow.configuration import conf  # noqa: F401
    except ImportError:
        # Airflow's own start imports this module. The startup hook, which is part of that start, watches it again.
        _watched.discard(name)
        return
    for fix in fixes_of(name, whole=False):
        _apply_guarded(fix, module, name)
    if source := sys.modules.get(f"{__package__}.source"):
        source.read_lines.cache_clear()


def _apply_guarded(fix: str, module: ModuleType, name: str) -> None:
    try:
        _apply(fix, module, name)
    except (Exception, SystemExit) as error:  # an operator's own `entrypoint.py` may exit
        _leave_as_stock(fix, error)


def wrapper(name: str) -> Callable[[Execute], Execute]:
    """Return what wraps the execution of a module: the fixes of whole modules."""

    def wrap(execute: Execute) -> Execute:
        def execute_fixed(module: ModuleType) -> None:
            fixed = execute
            for fix in fixes_of(name, whole=True):
                try:
                    fixed = _wrap_execution(fix, fixed, module)
                except (Exception, SystemExit) as error:
                    _leave_as_stock(fix, error)
            fixed(module)

        return execute_fixed

    return wrap


def _wrap_execution(fix: str, execute: Execute, module: ModuleType) -> Execute:
    if not early_selection().includes(fix.replace("_", "-")):
        return execute
    from astro_runtime_plugin.fixes.application import applied_fixes, check_file
    from entrypoint.airflow_line import installed_airflow, line_of

    line = line_of(installed_airflow())
    if LINE_OF.get(fix, line) != line:
        return execute
    loaded = load_fix(fix)
    for patch in loaded.patches_for(line):
        if patch.module == module.__name__:
            check_file(patch, module.__spec__.origin if module.__spec__ else None)
            execute = patch.wrap(execute)
            applied_fixes().add(loaded.id)
    return execute


def _leave_as_stock(fix: str, error: BaseException) -> None:
    """Warn of a fix that cannot be applied; raise the error of a signal that stops this process."""
    if is_of_signal(error):
        raise error
    _warn_once(fix.replace("_", "-"), reason(error))


def is_of_signal(error: BaseException) -> bool:
    """Whether the handler of a signal that stops this process has raised it, while a fix was applied."""
    import signal
    from traceback import walk_tb

    handlers = (signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT))
    codes = [getattr(getattr(handler, "__func__", handler), "__code__", None) for handler in handlers]
    return any(frame.f_code in codes for frame, _ in walk_tb(error.__traceback__))


def _warn_once(fix_id: str, why: str) -> None:
    """Write one line to stderr: Airflow's log goes to stdout, where a script reads what a command prints.

    A fix whose functions in several modules differ gives the first reason; `astro-runtime fixes` gives the state.
    """
    if fix_id in _warned:
        return
    _warned.add(fix_id)
    # Not print(): where output is not buffered, it writes the end of the line apart.
    sys.stderr.write(f"astro-runtime: fix {fix_id} is not applied; Airflow is as stock there: {why}\n")


def reason(error: BaseException) -> str:
    """Return why a fix failed. Only our own error messages are quoted: others may contain a secret."""
    return str(error) if type(error).__name__ == "DifferentSourceError" else type(error).__name__


def _apply(fix: str, module: ModuleType, name: str) -> None:
    if not selection().includes(fix.replace("_", "-")):
        return
    from astro_runtime_plugin.airflow_compat import line

    if LINE_OF.get(fix, line()) != line():
        return
    from astro_runtime_plugin.fixes.application import applied_fixes, apply

    loaded = load_fix(fix)
    patches = [patch for patch in loaded.patches_for(line()) if patch.module == name]
    if patches:
        apply(patches, module)
        applied_fixes().add(loaded.id)
