"""What the tests of the startup hook start on each line, what they look at, and what they expect."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection

from astro_runtime_plugin.fixes.registry import load_fixes
from testing.celery_timeout import SEND_TIMEOUT
from testing.installed_line import INTERVAL, LINE, TIMEOUT

HOST = "127.0.0.1"
QUEUES = '[{"name":"default","worker_count":3,"worker_concurrency":5}]'
OLDER_INTERVAL = {
    "3.3": "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",  # an old name, which this Airflow still reads
    "2.11": "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL",  # forwarded
}[LINE]

# One setting of each kind: default, formula, an old name that Airflow reads, one that it does not, airflow.cfg.
OVERRIDES = {
    "AIRFLOW__ASTRO_RUNTIME__WORKER_QUEUES": QUEUES,
    OLDER_INTERVAL: "77",
    "AIRFLOW__CELERY__STALLED_TASK_TIMEOUT": "901",
}
CFG = "[kubernetes_executor]\nworker_pods_creation_batch_size = 9\n"
VALUES = {
    INTERVAL: "77",
    TIMEOUT: "901",
    "AIRFLOW__CORE__PARALLELISM": "15",
    "AIRFLOW__KUBERNETES_EXECUTOR__WORKER_PODS_CREATION_BATCH_SIZE": "9",
    "AIRFLOW__KUBERNETES_EXECUTOR__TASK_PUBLISH_MAX_RETRIES": "60",
    "AIRFLOW__CELERY__TASK_PUBLISH_MAX_RETRIES": "60",
    "AIRFLOW__SCHEDULER__ORPHANED_TASKS_CHECK_INTERVAL": "60",
    "AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY": "512",
    **{"3.3": {"AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "660"}, "2.11": {}}[LINE],
}
# On 2.11 only the scheduler reads the old names of the timeout; `conf` does not.
IN_CONF = {**VALUES, **{"3.3": {}, "2.11": {TIMEOUT: "600.0"}}[LINE]}
FORWARDED = {
    "3.3": f"{TIMEOUT}=901 (forwarded from AIRFLOW__CELERY__STALLED_TASK_TIMEOUT,",
    "2.11": f"{INTERVAL}=77 (forwarded from {OLDER_INTERVAL},",
}[LINE]

# The web server, and the path at which it answers.
WEB, WEB_PATH = {"3.3": ("api-server", "/api/v2/version"), "2.11": ("webserver", "/health")}[LINE]
WEB_PROCESSES = {"3.3": 3, "2.11": 2}[LINE]  # that import Airflow, with two workers: gunicorn's are forks
COMPONENTS = {
    "scheduler": ["scheduler", "--skip-serve-logs"],
    "dag-processor": ["dag-processor"],
    "triggerer": ["triggerer", "--skip-serve-logs"],
    "celery": ["celery", "worker", "--concurrency", "1", "--skip-serve-logs"],
}
# By kind of process, which is a word of its command line: the component whose log has its output.
LOGS = {**{kind: kind for kind in (WEB, *COMPONENTS)}, **{"3.3": {}, "2.11": {"gunicorn": WEB}}[LINE]}

# By class: expressions for the attributes of an object `active`, with their values.
INSIDE: dict[str, dict[str, tuple[str, int]]] = {
    "CeleryExecutor": {"parallelism": ("active.parallelism", 15)},
    "SchedulerJobRunner": {
        "max_tis": ("active.job.max_tis_per_query", 512),
        "queued": ("active._task_queued_timeout", 901),
        **{
            "3.3": {"parallelism": ("active._parallelism", 2 * 15)},  # of two executors
            "2.11": {"parallelism": ("sys.modules['airflow.executors.base_executor'].PARALLELISM", 15)},
        }[LINE],
    },
    **{"3.3": {}, "2.11": {"DagFileProcessorManager": {"interval": ("active.dag_dir_list_interval", 77)}}}[
        LINE
    ],
}
# The modules of these classes whose methods the main thread executes; an executor belongs to one of their objects.
MODULES = ("airflow.jobs.scheduler_job_runner", "airflow.dag_processing.manager")
# The modules whose `conf` a task can read its settings with.
READERS = {
    "3.3": {"task": "airflow.configuration", "sdk": "airflow.sdk.configuration"},
    "2.11": {"task": "airflow.configuration"},
}[LINE]
IMPORT = {
    "3.3": "from airflow.sdk import DAG, task",
    "2.11": "from airflow import DAG\nfrom airflow.decorators import task",
}[LINE]

WORKLOAD = {
    "type": "ExecuteTask",
    "token": "none",
    "ti": {
        "id": "00000000-0000-0000-0000-000000000000",
        "dag_version_id": "00000000-0000-0000-0000-000000000000",
        "task_id": "no_such_task",
        "dag_id": "report",
        "run_id": "no_such_run",
        "try_number": 1,
        "pool_slots": 1,
        "queue": "default",
        "priority_weight": 1,
    },
    "dag_rel_path": "report.py",
    "bundle_info": {"name": "dags-folder"},
    "log_path": None,
}
# What the KubernetesExecutor starts in a pod.
POD = {
    "3.3": [
        *(sys.executable, "-m", "airflow.sdk.execution_time.execute_workload"),
        *("--json-string", json.dumps(WORKLOAD)),
    ],
    "2.11": ["airflow", "tasks", "run", "report", "no_such_task", "no_such_run", "--local"],
}[LINE]


def fixes_of(modules: Collection[str]) -> list[str]:
    """Return the ids of the fixes that a process with these modules has applied."""
    return sorted(
        fix.id for fix in load_fixes() if any(patch.module in modules for patch in fix.patches_for(LINE))
    )


def celery_settings(database: str, broker: str, port: str) -> dict[str, str]:
    """Return the settings of an Airflow with two executors; each line ignores the other line's settings."""
    return {
        **OVERRIDES,
        "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor,LocalExecutor",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__CELERY__BROKER_URL": broker,
        "AIRFLOW__CELERY__RESULT_BACKEND": broker,
        **SEND_TIMEOUT,
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "True",
        # The web server's first answer is slow on a busy machine.
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
        "AIRFLOW__WEBSERVER__WEB_SERVER_MASTER_TIMEOUT": "300",
    }


def web(port: str) -> dict[str, list[str]]:
    """Return the web server's command."""
    host = {"3.3": "--host", "2.11": "--hostname"}[LINE]
    return {WEB: [WEB, host, HOST, "--port", port, "--workers", "2"]}
