"""Waits for the first import of Airflow in a Python process, and arranges the fixes then.

`astro_runtime_fixes.pth` imports this module at the start of every Python of the environment, so it imports nothing.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class AirflowImportHook:
    """A meta path finder that finds nothing: it notices the import of `airflow`, and removes itself."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> None:
        """Arrange the fixes if Airflow is being imported."""
        if name == "airflow":
            sys.meta_path.remove(self)
            from astro_runtime_plugin.fixes import registry

            registry.watch_imports()


def install() -> None:
    """Put the hook first on `sys.meta_path`, once."""
    if not any(type(finder).__name__ == "AirflowImportHook" for finder in sys.meta_path):
        sys.meta_path.insert(0, AirflowImportHook())  # type: ignore[arg-type]
