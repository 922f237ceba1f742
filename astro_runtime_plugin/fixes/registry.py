"""Which fixes there are, in the order of the documentation, and which modules of Airflow each of them patches."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from astro_runtime_plugin.fixes.fix import Fix

# For each fix, by its module: the modules of Airflow that it patches, so that a process loads only the fixes it needs.
FIXES: dict[str, tuple[str, ...]] = {
    # A part of the system is away.
    "api_server_outage": ("airflow.sdk.api.client", "airflow.sdk.execution_time.supervisor"),
    "token_lifetime": ("airflow.api_fastapi.execution_api.app",),
    "clock_skew": ("airflow.api_fastapi.execution_api.app",),
    "outage_grace": ("airflow.jobs.scheduler_job_runner",),
    "database_outage": ("airflow.jobs.scheduler_job_runner",),
    "stopped_schedulers": (
        "airflow.jobs.scheduler_job_runner",
        "airflow.executors.local_executor",
        "airflow.providers.celery.executors.celery_executor",
    ),
    "task_result": (
        "airflow.cli.commands.task_command",
        "airflow.jobs.local_task_job_runner",
        "airflow.task.task_runner.base_task_runner",
        "airflow.jobs.job",
        "airflow.models.taskinstance",
        "airflow.utils.operator_helpers",
        "airflow.sensors.base",
    ),
    "secrets_outage": (
        "airflow.secrets.metastore",
        "airflow.models.variable",
        "airflow.models.connection",
    ),
    "lost_messages": ("airflow.providers.celery.executors.celery_executor",),
    "lost_pods": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "celery_broker_outage": (
        "airflow.providers.celery.executors.celery_executor",
        "airflow.providers.celery.executors.celery_executor_utils",
    ),
    "celery_backend_outage": (
        "airflow.providers.celery.executors.celery_executor",
        "celery.backends.base",
        "airflow.jobs.scheduler_job_runner",
    ),
    "kubernetes_api_outage": (
        "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
        "airflow.jobs.scheduler_job_runner",
    ),
    "pod_creation_outage": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    # Before the next one, which keeps what could not be processed: that is not done.
    "done_pods": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "pod_deletion_outage": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    # One bad thing stops everything.
    "stale_dags": ("airflow.dag_processing.manager",),
    "late_deferral_success": ("airflow.jobs.scheduler_job_runner",),
    "unreadable_dags": (
        "airflow.jobs.scheduler_job_runner",
        "airflow.models.dagbag",
        "airflow.models.dag",
        "airflow.models.dagrun",
    ),
    "broken_trigger": ("airflow.jobs.triggerer_job_runner",),
    # How a task ends.
    "killed_tasks": (
        "airflow.sdk.execution_time.task_runner",
        "airflow.sdk.execution_time.comms",
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.api.client",
    ),
    "killed_processes": ("airflow.sdk.execution_time.supervisor",),
    "last_seconds": ("airflow.sdk.execution_time.supervisor",),
    "stuck_supervisor": ("airflow.sdk.execution_time.supervisor",),
    "stuck_signals": ("structlog._output",),
    "lost_children": ("airflow.sdk.execution_time.supervisor",),
    "killed_local_worker": ("airflow.executors.local_executor",),
    "local_parallelism": ("airflow.executors.local_executor",),
    "killed_pods": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor",),
    "full_log_volume": (
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.execution_time.callback_supervisor",
        "airflow.dag_processing.manager",
        "airflow.jobs.triggerer_job_runner",
        "airflow.utils.log.non_caching_file_handler",
        "airflow.utils.log.file_task_handler",
        "airflow.utils.log.file_processor_handler",
    ),
    # Tasks' logs.
    "last_words": (
        "airflow.sdk.execution_time.supervisor",
        "airflow.jobs.scheduler_job_runner",
        "celery.worker.request",
        "airflow.task.task_runner.standard_task_runner",
        "airflow.jobs.local_task_job_runner",
        "airflow.executors.local_executor",
        "airflow.executors.base_executor",
        "airflow.providers.celery.executors.celery_executor_utils",
        "airflow.providers.cncf.kubernetes.executors.kubernetes_executor",
        "airflow.providers.cncf.kubernetes.executors.kubernetes_executor_utils",
    ),
    "task_logs_to_stdout": (
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.coordinators._subprocess",
        "airflow.jobs.triggerer_job_runner",
        "airflow.utils.log.file_task_handler",
        "airflow.cli.commands.task_command",
        "airflow.task.task_runner.base_task_runner",
    ),
    # The others.
    "asset_deadlock": ("airflow.api_fastapi.execution_api.routes.task_instances",),
    "mariadb_assets": ("airflow.jobs.scheduler_job_runner",),
    "migration_lock": ("airflow.utils.db",),
    "log_upload": (
        "airflow.sdk.execution_time.supervisor",
        "airflow.sdk.execution_time.callback_supervisor",
        "airflow.sdk.log",
    ),
    "clean_dags": ("airflow.utils.db_cleanup",),
    "hung_triggerer": ("airflow.jobs.triggerer_job_runner",),
    "active_runs": ("airflow.jobs.scheduler_job_runner",),
    "watcher_sigterm": ("airflow.providers.cncf.kubernetes.executors.kubernetes_executor_utils",),
    "pod_log_text": ("kubernetes.client.api_client",),
    "forked_connections": ("airflow.utils.orm_event_handlers",),
    "lost_exit": ("airflow.jobs.job", "airflow.executors.local_executor"),
    # What a task costs.
    "repeated_imports": (
        "airflow.executors.local_executor",
        "airflow.providers.celery.executors.celery_executor_utils",
    ),
    # Wraps what repeated_imports has wrapped, which freezes the memory and forks: it builds before that.
    "repeated_validators": (
        "airflow.executors.local_executor",
        "airflow.providers.celery.executors.celery_executor_utils",
        "airflow.sdk.execution_time.task_runner",
    ),
    "late_ends": ("airflow.sdk.execution_time.supervisor",),
    "needless_heartbeats": ("airflow.sdk.execution_time.supervisor",),
    "costly_log_names": ("airflow.utils.helpers",),
    "costly_metric_names": (
        "airflow._shared.observability.metrics.metrics_registry",
        "airflow.sdk._shared.observability.metrics.metrics_registry",
    ),
    "needless_certificates": ("airflow.sdk.api.client",),
    "needless_serialization": ("airflow.dag_processing.dagbag",),
    # What a web server costs.
    "eager_routes": ("fastapi.routing",),
    "needless_frameworks": ("svcs",),
    "needless_versions": ("cadwyn.route_generation", "cadwyn.applications"),
    "needless_spec_validation": ("connexion.spec",),
    # What a component's start costs.
    "needless_log_server": ("airflow.utils.serve_logs",),
    "needless_migrations": ("airflow.utils.db", "airflow.dag_processing.manager"),
    # What a command costs.
    "needless_collections": ("airflow", "airflow.cli.cli_parser", "airflow.www.app"),
    "needless_task_runner": ("airflow.sdk.log", "airflow.executors.local_executor"),
    "needless_kubernetes": ("airflow.exceptions", "airflow.utils.log.secrets_masker"),
    "needless_validation": (
        "airflow.providers_manager",
        "airflow.sdk._shared.providers_discovery.providers_discovery",
    ),
    "repeated_metadata": (
        "airflow._shared.providers_discovery.providers_discovery",
        "airflow.sdk._shared.providers_discovery.providers_discovery",
        "airflow.providers_manager",
    ),
    "needless_libcst": ("airflow.sdk.definitions._internal.decorators",),
    "needless_highlighting": (
        "structlog.dev",
        "httpx",
        "mako.exceptions",
        "celery.bin.base",
        "airflow.cli.simple_table",
    ),
    # What a DAG processor costs.
    "needless_execution_api": ("airflow.cli.commands.dag_processor_command",),
}

# Those of them that wrap the execution of these modules (`fix.WHOLE_MODULE`) rather than their functions.
WHOLE_MODULES = frozenset(
    {
        "needless_collections",
        "needless_frameworks",
        "needless_highlighting",
        "needless_kubernetes",
        "needless_libcst",
        "needless_log_server",
        "needless_serialization",
        "needless_validation",
        "repeated_metadata",
    }
)

# The fixes for a fault of one line only; the other line need not load them.
LINE_OF = {
    "api_server_outage": "3.3",
    "token_lifetime": "3.3",
    "clock_skew": "3.3",
    "task_result": "2.11",
    "killed_tasks": "3.3",
    "killed_processes": "3.3",
    "last_seconds": "3.3",
    "stuck_supervisor": "3.3",
    "stuck_signals": "3.3",
    "lost_children": "3.3",
    "killed_local_worker": "3.3",
    "local_parallelism": "3.3",
    "killed_pods": "2.11",
    "asset_deadlock": "3.3",
    "mariadb_assets": "3.3",
    "log_upload": "3.3",
    "clean_dags": "3.3",
    "hung_triggerer": "3.3",
    "active_runs": "3.3",
    "watcher_sigterm": "3.3",
    "repeated_validators": "3.3",
    "late_ends": "3.3",
    "needless_heartbeats": "3.3",
    "costly_log_names": "2.11",
    "costly_metric_names": "3.3",
    "needless_certificates": "3.3",
    "needless_serialization": "3.3",
    "eager_routes": "3.3",
    "needless_frameworks": "3.3",
    "needless_versions": "3.3",
    "needless_spec_validation": "2.11",
    "needless_task_runner": "3.3",
    "needless_libcst": "3.3",
    "needless_kubernetes": "2.11",
    "needless_execution_api": "3.3",
}


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
