"""Waits for the first import of Airflow in a Python process, registers the fixes then, and applies them at imports.

In the image it also gives Airflow a place for its airflow.cfg.

`astro_runtime_fixes.pth` imports this module at the start of every Python of the environment, so it imports nothing.
"""

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Execute = Callable[[ModuleType], None]


class AirflowImportHook:
    """A meta path finder that notices the first import of `airflow`, and the imports that have a wrapper or a callback.

    It finds a module with the other finders. It stays on `sys.meta_path`: Python goes through that list, and would skip
    the next finder if this one left.
    """

    def __init__(self) -> None:
        self.waits = True
        self.callbacks: dict[str, Callable[[ModuleType], None]] = {}
        self.wrappers: dict[str, Callable[[Execute], Execute]] = {}
        self._searches: set[str] = set()  # another finder may ask all finders, too

    def find_spec(
        self, name: str, path: "Sequence[str] | None" = None, target: "ModuleType | None" = None
    ) -> "ModuleSpec | None":
        """Prepare the process if Airflow is being imported; return the spec of a module to wrap or follow."""
        if name == "airflow" and self.waits:
            self.waits = False
            place_config()
            register_fixes()
        if (name not in self.callbacks and name not in self.wrappers) or name in self._searches:
            return None
        self._searches.add(name)
        try:
            return self._find_with_callback(name, path, target)
        finally:
            self._searches.discard(name)

    def _find_with_callback(
        self, name: str, path: "Sequence[str] | None", target: "ModuleType | None"
    ) -> "ModuleSpec | None":
        for finder in sys.meta_path:
            find_spec = None if finder is self else getattr(finder, "find_spec", None)
            spec: ModuleSpec | None = find_spec(name, path, target) if find_spec else None
            if spec:
                self._add_callback(name, spec.loader)
                return spec
        return None

    def _add_callback(self, name: str, loader: object) -> None:
        """Have a loader execute the module in its wrapper, and call the callback after that, once."""
        execute = getattr(loader, "exec_module", None)
        if execute is None or isinstance(loader, type):  # Python's built-in modules share their loader
            return

        def execute_and_call(module: "ModuleType") -> None:
            if module.__name__ != name:
                execute(module)
                return
            wrap = self.wrappers.get(name)
            (wrap(execute) if wrap else execute)(module)
            self.wrappers.pop(name, None)
            if callback := self.callbacks.pop(name, None):
                callback(module)

        try:
            loader.exec_module = execute_and_call  # type: ignore[attr-defined]
        except AttributeError:  # a loader that takes none; the module stays as it is
            return


def place_config() -> None:
    """Let Airflow create airflow.cfg where it can, as after the entrypoint: `docker exec` goes past that.

    Airflow does so before it calls the startup hook. Nothing changes outside the image.
    """
    import os

    if "ASTRONOMER_USER" not in os.environ:
        return
    try:
        from entrypoint.config_file import config_path
        from entrypoint.container_user import writable_cfg_path

        os.environ.update(writable_cfg_path(os.environ, config_path(os.environ)))
    except (Exception, SystemExit):  # an operator's own module of such a name may exit
        return


def register_fixes() -> None:
    """Watch the imports of the modules at fault. If that fails, the startup hook tries again and logs the reason."""
    try:
        from astro_runtime_plugin.fixes import activation

        activation.watch_imports(loaded=False)
    except (Exception, SystemExit):  # an operator's own module of such a name may exit
        return


def install() -> AirflowImportHook:
    """Put the hook first on `sys.meta_path`, unless it is on that list. Return it."""
    for finder in sys.meta_path:
        if isinstance(finder, AirflowImportHook):
            return finder
    hook = AirflowImportHook()
    sys.meta_path.insert(0, hook)
    return hook


def call_after_import(name: str, callback: "Callable[[ModuleType], None]") -> None:
    """Call `callback` with a module when it has been imported; at once if it has been."""
    if module := sys.modules.get(name):
        callback(module)
    else:
        install().callbacks[name] = callback


def wrap_import(name: str, wrap: "Callable[[Execute], Execute]") -> None:
    """Replace what executes a module with `wrap(execute)`, until it has been imported."""
    if name not in sys.modules:
        install().wrappers[name] = wrap
