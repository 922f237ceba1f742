"""Which fixes there are, and what applies them: each when Airflow imports the module at fault."""

from __future__ import annotations

import logging
import sys
from functools import cache
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
    "forked_connections": ("airflow.utils.orm_event_handlers",),
    "lost_exit": ("airflow.jobs.job",),
    "api_server_outage": ("airflow.sdk.api.client", "airflow.sdk.execution_time.supervisor"),
    "token_lifetime": ("airflow.api_fastapi.execution_api.app",),
    "outage_grace": ("airflow.jobs.scheduler_job_runner",),
    "database_outage": ("airflow.jobs.scheduler_job_runner",),
    "unreadable_dags": (
        "airflow.jobs.scheduler_job_runner",
        "airflow.models.dagbag",
        "airflow.models.dag",
        "airflow.models.dagrun",
    ),
    "task_result": ("airflow.models.taskinstance",),
    "clean_dags": ("airflow.utils.db_cleanup",),
    "active_runs": ("airflow.jobs.scheduler_job_runner",),
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
    "killed_local_worker": ("airflow.executors.local_executor",),
    "done_pods": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "pod_creation_outage": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "pod_deletion_outage": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
}
_watched: set[str] = set()
    "late_deferral_success": ("airflow.jobs.scheduler_job_runner",),
    "broken_trigger": ("airflow.jobs.triggerer_job_runner",),
    "asset_deadlock": ("airflow.api_fastapi.execution_api.routes.task_instances",),
    "hung_triggerer": ("airflow.jobs.triggerer_job_runner",),
    "log_upload": (
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.execution_time.callback_supervisor",
        "airflow.sdk.log",
    ),
    "pod_log_text": ("kubernetes.client.api_client",),
    "killed_tasks": (
        "airflow.sdk.execution_time.task_runner",
        "airflow.sdk.execution_time.comms",
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.api.client",
    ),
    "killed_processes": ("airflow.sdk.execution_time.supervisor",),
    "last_seconds": ("airflow.sdk.execution_time.supervisor",),
    "lost_children": ("airflow.sdk.execution_time.supervisor",),
    "full_log_volume": (
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.execution_time.callback_supervisor",
        "airflow.dag_processing.manager",
        "airflow.jobs.triggerer_job_runner",
    ),
}

SETTINGS = "airflow.settings"  # which Airflow imports when it has its configuration
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


def check_selection() -> None:
    """Raise StartError if the operator turns off a fix that does not exist, or the selection is not understood."""
    from airflow.configuration import conf

    from astro_runtime_plugin.fixes.selection import read_selection

    read_selection(conf).check(ids())


def watch_imports(*, loaded: bool) -> None:
    """Apply the fixes of each module when it is imported; if `loaded`, also those of modules that already are.

    While `airflow` is being imported for the first time, applying a fix would import it a second time. A further call
    does only what is left.
    """
    from wrapt import register_post_import_hook

    for module in {module for modules in FIXES.values() for module in modules} - _watched:
        if loaded or module not in sys.modules:
            _watched.add(module)
            register_post_import_hook(apply_fixes, module)


def watches_imports() -> bool:
    """Whether this process applies the fixes."""
    return bool(_watched)


def apply_fixes(module: ModuleType) -> None:
    """Apply the fixes of a module. A fix that cannot be applied leaves its functions as stock, with one warning."""
    """Apply the fixes of a module. A fix that cannot be applied leaves its function as stock, with one warning."""
    if _is_too_early():
        _apply_later(module)
        return
    name = module.__spec__.name if module.__spec__ else module.__name__
    for fix, modules in FIXES.items():
        if name in modules:
            _apply_guarded(fix, module, name)
    if source := sys.modules.get(f"{__package__}.source"):
        source.read_lines.cache_clear()


def _is_too_early() -> bool:
    """Whether Airflow imports its configuration just now: Airflow 2 imports the Kubernetes client for it."""
    return not hasattr(sys.modules.get("airflow.configuration"), "conf") and SETTINGS not in sys.modules


def _apply_later(module: ModuleType) -> None:
    from wrapt import register_post_import_hook

    register_post_import_hook(lambda _: apply_fixes(module), SETTINGS)


def _apply_guarded(fix: str, module: ModuleType, name: str) -> None:
    try:
        _apply(fix, module, name)
    except (Exception, SystemExit) as error:  # an operator's own `entrypoint.py` may exit
        _warn_once(fix.replace("_", "-"), reason(error))


@cache
def _warn_once(fix_id: str, why: str) -> None:
    log.warning("astro-runtime: fix %s is not applied; Airflow is as stock there: %s", fix_id, why)


def reason(error: BaseException) -> str:
    """Return why a fix failed. Only our own error texts are quoted: foreign ones may hold a secret."""
    return str(error) if type(error).__name__ == "DifferentSourceError" else type(error).__name__


def _apply(fix: str, module: ModuleType, name: str) -> None:
    from airflow.configuration import conf

    from astro_runtime_plugin.fixes.selection import read_selection

    if not read_selection(conf).includes(fix.replace("_", "-")):
        return
    from astro_runtime_plugin.airflow_compat import line
    from astro_runtime_plugin.fixes.application import applied, apply

    loaded = load_fix(fix)
    patches = [patch for patch in loaded.patches_for(line()) if patch.module == name]
    if patches:
        apply(patches, module)
        applied().add(loaded.id)
