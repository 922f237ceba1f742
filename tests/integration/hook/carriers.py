"""The kinds of processes of an Airflow: how to recognize their reports, and which fixes a process must carry."""

from __future__ import annotations

from typing import Any, NamedTuple

from testing.installed_line import LINE

JOBS, CELERY, SDK = "airflow.jobs", "airflow.providers.celery", "airflow.sdk.execution_time"
COMMANDS, BASE_EXECUTOR = "airflow.cli.commands", "airflow.executors.base_executor"
EXECUTE_WORKLOAD = "execute_workload"
ONCE = "--num-runs"  # the option of the scheduler that has KubernetesExecutor
# What every process needs that has an engine of the database, and on 2.11 what every process imports.
ORM = {"forked-connections", *{"3.3": (), "2.11": ("costly-log-names",)}[LINE]}
SECRETS = {"secrets-outage"}
# What every component needs: it looks at the database's version when it starts.
CHECK = {"needless-migrations", *{"3.3": ("needless-highlighting",), "2.11": ()}[LINE]}
# What every process needs that imports Airflow.
START = CHECK | {
    *("needless-collections", "needless-highlighting"),
    *("needless-validation", "repeated-metadata"),
    *{"3.3": ("needless-task-runner",), "2.11": ("needless-kubernetes",)}[LINE],
}
SCHEDULER = (
    ORM
    | CHECK
    | {
        *("outage-grace", "database-outage", "late-deferral-success", "unreadable-dags", "last-words"),
        *("stopped-schedulers", "lost-exit", "needless-log-server"),
        *{"3.3": ("active-runs", "mariadb-assets"), "2.11": ()}[LINE],
    }
)
# What forks the processes of tasks.
PREPARED = {"repeated-imports", *{"3.3": ("repeated-validators",), "2.11": ()}[LINE]}
CELERY_EXECUTOR = {"lost-messages", "celery-broker-outage", "celery-backend-outage"}
LOCAL_EXECUTOR = PREPARED | {"3.3": {"killed-local-worker", "local-parallelism"}, "2.11": set[str]()}[LINE]
KUBERNETES_EXECUTOR = {
    *("lost-pods", "kubernetes-api-outage", "pod-creation-outage", "pod-deletion-outage", "done-pods"),
    "pod-log-text",
    *{"3.3": ("watcher-sigterm",), "2.11": ("killed-pods",)}[LINE],
}
DAG_PROCESSOR = ORM | CHECK | SECRETS | {"stale-dags", "full-log-volume", "lost-exit"}
TRIGGERER = (
    ORM
    | CHECK
    | SECRETS
    | {"broken-trigger", "task-logs-to-stdout", "full-log-volume", "lost-exit", "needless-log-server"}
    | {"3.3": {"hung-triggerer"}, "2.11": set[str]()}[LINE]
)
WEB = {"needless-spec-validation"}  # a web server of Airflow 2
# A task, and what runs it and waits for its end; on 3.3 they need other fixes, but the one is a fork of the other.
TASK = {
    "3.3": {
        *("api-server-outage", "killed-tasks", "killed-processes", "last-seconds", "lost-children"),
        *("stuck-supervisor", "stuck-signals", "late-ends", "needless-heartbeats"),
        "repeated-validators",
        *("needless-certificates", "needless-libcst", "costly-metric-names"),
        *("full-log-volume", "last-words", "task-logs-to-stdout", "log-upload"),
    },
    "2.11": ORM
    | SECRETS
    | {
        "task-result",
        "last-words",
        "task-logs-to-stdout",
        "lost-exit",
        "full-log-volume",
    },
}[LINE]
# On 3.3, those of a task that parses its DAG: the one in the pod of the test ends before that.
PARSING_TASK = TASK | {"needless-serialization"}


class Carrier(NamedTuple):
    """A kind of process: a function that only it calls, or words of its command line as well."""

    module: str
    function: str
    fixes: set[str]
    """The ids of the fixes that it must carry; it may carry more."""
    words: tuple[str, ...] = ()

    def sent(self, report: Any) -> bool:
        """Whether a report is from such a process."""
        command = " ".join(report["argv"])
        return self.function == report["function"] and all(word in command for word in self.words)


EXECUTE = (f"{JOBS}.scheduler_job_runner", "SchedulerJobRunner._execute")
CARRIERS: dict[str, Carrier] = {
    "scheduler": Carrier(*EXECUTE, SCHEDULER | CELERY_EXECUTOR | LOCAL_EXECUTOR, ("--skip-serve-logs",)),
    "scheduler with KubernetesExecutor": Carrier(*EXECUTE, SCHEDULER | KUBERNETES_EXECUTOR, (ONCE,)),
    "triggerer": Carrier(f"{JOBS}.triggerer_job_runner", "TriggererJobRunner._execute", TRIGGERER),
    "runner of triggers": Carrier(f"{JOBS}.triggerer_job_runner", "TriggerRunner.run", TRIGGERER),
    "Celery worker": Carrier(
        f"{CELERY}.cli.celery_command",
        "_run_command_with_daemon_option",
        ORM | CHECK | PREPARED | {"last-words"},
    ),
    **{
        "3.3": {
            "command": Carrier(
                f"{COMMANDS}.db_command",
                "migratedb",
                START | ORM | {"clean-dags", "migration-lock"},
                ("db", "migrate"),
            ),
            "API server": Carrier(
                f"{COMMANDS}.api_server_command", "_run_api_server_with_uvicorn", ORM | CHECK
            ),
            "worker of the API server": Carrier(
                "airflow.api_fastapi.app",
                "create_app",
                ORM
                | CHECK
                | SECRETS
                | {"token-lifetime", "clock-skew", "asset-deadlock"}
                | {"eager-routes", "needless-frameworks", "needless-versions"},
            ),
            "DAG processor": Carrier(
                "airflow.dag_processing.manager",
                "DagFileProcessorManager.run",
                DAG_PROCESSOR | {"needless-execution-api"},
            ),
            "parser": Carrier("airflow.dag_processing.processor", "_parse_file", ORM | SECRETS),
            "child of a Celery worker": Carrier(
                BASE_EXECUTOR, "BaseExecutor.run_workload", TASK | {"pod-log-text"}, ("celery", "worker")
            ),
            "worker of LocalExecutor": Carrier(
                BASE_EXECUTOR, "BaseExecutor.run_workload", ORM | TASK, ("scheduler",)
            ),
            "task on Celery": Carrier(f"{SDK}.task_runner", "main", PARSING_TASK, ("celery", "worker")),
            "task of LocalExecutor": Carrier(f"{SDK}.task_runner", "main", PARSING_TASK, ("scheduler",)),
            "Kubernetes pod": Carrier(BASE_EXECUTOR, "BaseExecutor.run_workload", TASK, (EXECUTE_WORKLOAD,)),
            "task in a Kubernetes pod": Carrier(f"{SDK}.task_runner", "main", TASK, (EXECUTE_WORKLOAD,)),
        },
        "2.11": {
            "command": Carrier(
                f"{COMMANDS}.db_command", "migratedb", START | ORM | {"migration-lock"}, ("db", "migrate")
            ),
            "webserver": Carrier(f"{COMMANDS}.webserver_command", "GunicornMonitor.start", ORM | CHECK),
            "gunicorn": Carrier("airflow.www.gunicorn_config", "on_starting", ORM | SECRETS | WEB),
            "worker of the webserver": Carrier(
                "airflow.www.gunicorn_config", "post_worker_init", ORM | SECRETS | WEB
            ),
            "DAG processor": Carrier(
                "airflow.dag_processing.manager", "DagFileProcessorManager._run_parsing_loop", DAG_PROCESSOR
            ),
            "parser": Carrier(
                "airflow.dag_processing.processor",
                "DagFileProcessorProcess._run_file_processor",
                ORM | SECRETS | {"full-log-volume"},
            ),
            "child of a Celery worker": Carrier(
                f"{CELERY}.executors.celery_executor_utils", "_execute_in_fork", TASK | {"pod-log-text"}
            ),
            "worker of LocalExecutor": Carrier(
                "airflow.executors.local_executor", "LocalWorkerBase.run", TASK
            ),
            "task on Celery": Carrier(
                f"{COMMANDS}.task_command", "_run_raw_task", TASK, ("celery", "worker")
            ),
            "task of LocalExecutor": Carrier(
                f"{COMMANDS}.task_command", "_run_raw_task", TASK, ("scheduler",)
            ),
            "Kubernetes pod": Carrier(
                f"{COMMANDS}.task_command", "task_run", TASK, ("tasks", "run", "--local")
            ),
        },
    }[LINE],
}
