"""Waits for the first import of Airflow in a Python process, and registers the fixes then.

`astro_runtime_fixes.pth` imports this module at the start of every Python of the environment, so it imports nothing.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType


class AirflowImportHook:
    """A meta path finder that finds nothing, and notices the first import of `airflow`.

    It stays on `sys.meta_path`: Python goes through that list, and would skip the next finder if this one left.
    """

    def __init__(self) -> None:
        self.waits = True

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> None:
        """Register the fixes if Airflow is being imported."""
        if name == "airflow" and self.waits:
            self.waits = False
            register_fixes()


def register_fixes() -> None:
    """Watch the imports of the modules at fault. If that fails, the startup hook tries again and logs the reason."""
    try:
        from astro_runtime_plugin.fixes import activation

        activation.watch_imports(loaded=False)
    except (Exception, SystemExit):  # an operator's own module of such a name may exit
        return


def install() -> None:
    """Put the hook first on `sys.meta_path`, once."""
    if not any(type(finder).__name__ == "AirflowImportHook" for finder in sys.meta_path):
        sys.meta_path.insert(0, AirflowImportHook())  # type: ignore[arg-type]
