"""An airflow command does not import the Kubernetes client, unless it works with pods.

`airflow.exceptions` asks the provider's generator of pods for two exceptions. That imports two Kubernetes clients, then
fails, because it needs what `airflow.exceptions` does not have yet; Airflow goes on with exceptions of its own. Here it
fails before the clients are imported. A component imports them as before, because its forks run tasks, and each of them
would import the clients.

The masker of secrets asks of each value in the log whether it is a pod's variable, for which it imports a client. Here
it does not ask in a process that has not imported the client, such as that of most tasks' pods: there are none in it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import wraps
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from astro_runtime_plugin.component import from_subcommand
from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.source import module_digest
from astro_runtime_plugin.fixes.support.stand_in import withdraw

ID = "needless-kubernetes"
PROVIDER = "airflow.providers.cncf.kubernetes"
CLIENT = "kubernetes.client"
GENERATOR = f"{PROVIDER}.pod_generator"
# The digests of the provider's files whose import is known to fail there.
PROVEN = {"pod_generator.py": "77f852de07515c00", "kubernetes_helper_functions.py": "b28072bd3028fa81"}


class MissingGenerator(ModuleType):
    """Stands for the generator of pods while `airflow.exceptions` is executed."""

    def __getattr__(self, name: str) -> Any:
        """Fail as the import of the generator would; where it may not fail, return what it has."""
        if name.startswith("__"):
            raise AttributeError(name)
        if attempt(ID, False, is_proven):
            raise ImportError(name)
        withdraw(self)
        return getattr(import_module(GENERATOR), name)


def is_proven() -> bool:
    """Whether the import of the provider's generator is known to fail here."""
    try:
        folder = Path(import_module(PROVIDER).__path__[0])
    except ImportError:  # the provider is not installed
        return False
    return all(module_digest(str(folder / name)) == digest for name, digest in PROVEN.items())


def fail_early(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """Wrap what executes `airflow.exceptions`."""

    def execute_without_clients(module: ModuleType) -> None:
        if from_subcommand(sys.argv[1:]) or GENERATOR in sys.modules:
            execute(module)
            return
        generator = sys.modules[GENERATOR] = MissingGenerator(GENERATOR)
        try:
            execute(module)
        finally:
            withdraw(generator)

    return execute_without_clients


def look_late(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """Wrap what executes the masker of secrets, which Airflow's own start uses: a patch after that comes late."""

    def execute_and_wrap(module: ModuleType) -> None:
        execute(module)
        is_variable = module._is_v1_env_var

        @wraps(is_variable)
        def _is_v1_env_var(value: Any) -> bool:
            return CLIENT in sys.modules and is_variable(value)

        module._is_v1_env_var = _is_v1_env_var  # type: ignore[attr-defined]

    return execute_and_wrap


FIX = Fix(
    id=ID,
    title="An airflow command does not import the Kubernetes client",
    symptom="Each airflow command takes about half a second of processor time more than it needs.",
    issue="",
    ends="Airflow 2.11 is no longer supported.",
    patches=(
        Patch("airflow.exceptions", WHOLE_MODULE, ("c1704426841c1e11",), fail_early, ("2.11",)),
        Patch("airflow.utils.log.secrets_masker", WHOLE_MODULE, ("8127842968940933",), look_late, ("2.11",)),
    ),
)
