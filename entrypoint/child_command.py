"""The command line of a child process, which imports nothing from its working folder: that may be a project.

A project's `email.py` or `sqlalchemy.py` would otherwise run instead of the module that the child means. The child has
the path of its parent, and what the operator has put on PYTHONPATH counts as it does for Airflow.
"""

from __future__ import annotations

import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

# `-I` starts with what is installed alone, and the child then takes the path that it is handed.
BOOTSTRAP = """
import sys
words = sys.argv[1:sys.argv.index("--")]
sys.path[:] = sys.argv[len(words) + 2:]
from entrypoint.child_command import run
run(*words)
"""


def child_command(module: str, *words: str, environ: Mapping[str, str]) -> list[str]:
    """Return the command line of a child that runs `main(*words)` of `module` in `environ`; no word is `--`.

    Its output is not buffered, so that it stays in order with its log.
    """
    return [sys.executable, "-I", "-u", "-c", BOOTSTRAP, module, *words, "--", *child_path(environ)]


def child_path(environ: Mapping[str, str]) -> list[str]:
    """Return this process's path, with PYTHONPATH if this process ignores it, and without the working folder.

    Python puts the working folder in front for `python -m` and `python -c`, and so do some servers. It stays only
    where PYTHONPATH names it, or where it is installed.
    """
    working_folder = _working_folder()
    named = [os.path.abspath(entry) for entry in environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    inherited = [
        entry
        for index, entry in enumerate(sys.path)
        if os.path.isabs(entry) and (index or entry != working_folder or entry in named)
    ]
    return [*(entry for entry in named if entry not in inherited), *inherited]


def _working_folder() -> str:
    """Return the working folder, or an empty text if it is gone."""
    try:
        return os.getcwd()
    except OSError:
        return ""


class _NoModules:
    """The finder of a folder from which nothing is imported."""

    def find_spec(self, name: str, target: object = None) -> None:
        return None


def run(module: str, *words: str) -> None:
    """Run `main(*words)` of `module` in the child, and exit with what it returns."""
    from importlib import import_module

    sys.path_hooks.insert(0, _hide_working_folder)
    sys.exit(import_module(module).main(*words))


def _hide_working_folder(folder: str) -> _NoModules:
    """Find nothing in the working folder, unless it is on the path that the child was handed.

    The FAB provider's migration puts `.` in front of the path (`prepend_sys_path` of its alembic.ini).
    """
    if os.path.isabs(folder) and (folder in _HANDED or folder != _working_folder()):
        raise ImportError
    return _NoModules()


_HANDED = tuple(sys.path)
