"""Which fixes there are, and what applies them: each when Airflow imports the module at fault."""

from __future__ import annotations

import logging
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astro_runtime_plugin.fixes.fix import Fix

log = logging.getLogger("astro_runtime")

# The module of each fix, in the order of the documentation, with Airflow's modules that it patches. They stand here
# too, so that a process loads only the fixes of the modules that it imports.
FIXES: dict[str, tuple[str, ...]] = {
    "stale_dags": ("airflow.dag_processing.manager",),
    "celery_broker_outage": (
        "airflow.providers.celery.executors.celery_executor",
        "airflow.providers.celery.executors.celery_executor_utils",
    ),
    "celery_backend_outage": (
        "airflow.providers.celery.executors.celery_executor",
        "airflow.jobs.scheduler_job_runner",
    ),
    "kubernetes_api_outage": (
        "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
        "airflow.jobs.scheduler_job_runner",
    ),
    "lost_messages": ("airflow.providers.celery.executors.celery_executor",),
    "lost_pods": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "killed_local_worker": ("airflow.executors.local_executor",),
    "done_pods": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "pod_creation_outage": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "pod_deletion_outage": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
}


_watched: list[bool] = []


def load_fix(name: str) -> Fix:
    """Return the fix of a module in this package."""
    fix: Fix = import_module(f"{__package__}.{name}").FIX
    return fix


def load_fixes() -> list[Fix]:
    """Return all fixes."""
    return [load_fix(name) for name in FIXES]


def ids() -> frozenset[str]:
    """Return the ids of all fixes: the names of their modules, with hyphens."""
    return frozenset(name.replace("_", "-") for name in FIXES)


def watch_imports() -> None:
    """Apply the fixes of each module when it is imported, or now if it already is. A second call does nothing."""
    from wrapt import register_post_import_hook

    if not _watched:
        for target in {module for modules in FIXES.values() for module in modules}:
            register_post_import_hook(apply_fixes, target)
    _watched.append(True)


def apply_fixes(module: ModuleType) -> None:
    """Apply the fixes of a module. A fix that cannot be applied leaves its function as stock, with one warning."""
    name = module.__spec__.name if module.__spec__ else module.__name__
    for fix, modules in FIXES.items():
        if name in modules:
            _apply_guarded(fix, module, name)


def _apply_guarded(fix: str, module: ModuleType, name: str) -> None:
    try:
        _apply(load_fix(fix), module, name)
    except Exception as error:
        fix_id = fix.replace("_", "-")
        log.warning(
            "astro-runtime: fix %s is not applied; Airflow is as stock there: %s", fix_id, reason(error)
        )


def reason(error: Exception) -> str:
    """Return why a fix failed. Only our own error texts are quoted: foreign ones may hold a secret."""
    return str(error) if type(error).__name__ == "DifferentSourceError" else type(error).__name__


def _apply(fix: Fix, module: ModuleType, name: str) -> None:
    from airflow.configuration import conf

    from astro_runtime_plugin.airflow_compat import line
    from astro_runtime_plugin.fixes.application import applied, apply
    from astro_runtime_plugin.fixes.selection import read_selection

    patches = [patch for patch in fix.patches_for(line()) if patch.module == name]
    if not patches or not read_selection(conf).includes(fix.id):
        return
    for patch in patches:
        apply(patch, module)
    applied().add(fix.id)
