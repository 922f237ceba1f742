"""The log of a try that was ended from outside says so in its last line, and says what is known of the cause.

Airflow writes why a task ended into its log as long as its supervisor lives. If the supervisor is gone as well, its
worker, its executor or the scheduler finds out, and logs it where few look. With this fix it reaches the task's log,
too: the file, if it is on the same machine, or else the store of `[astro_runtime] task_logs`, if one is set.
"""

from __future__ import annotations

from astro_runtime_plugin.fixes.fix import Fix, Patch, lazy

ID = "last-words"
SUPERVISOR = "airflow.sdk.execution_time.supervisor"
SCHEDULER = "airflow.jobs.scheduler_job_runner"
KUBERNETES = "airflow.providers.cncf.kubernetes.executors.kubernetes_executor"
EXECUTE_LOCALLY = Patch(
    "airflow.executors.local_executor",
    "LocalWorkerBase._execute_work_in_fork",
    ("7cd4149bcee4b71c", "f0f257f8cc6e94ce"),  # the second is that of the decorator
    lazy("lost_local_jobs.report_lost_job"),
    ("2.11",),
)
FIX = Fix(
    id=ID,
    title="The log of a task that was killed from outside says so in its last line, with what is known of the cause",
    symptom="A task failed, and its log just broke off: its supervisor, worker, pod or machine was gone.",
    issue="https://github.com/apache/airflow/issues/73164",
    ends="Airflow writes into the task's log that a heartbeat was lost, or that a supervisor or a pod was killed.",
    patches=(
        Patch(
            SUPERVISOR,
            "ActivitySubprocess._handle_heartbeat_failures",
            ("78a72b8b5af7fd87",),
            lazy("lost_heartbeats.report_missed_heartbeats"),
            ("3.3",),
        ),
        Patch(
            SCHEDULER,
            "SchedulerJobRunner._purge_task_instances_without_heartbeats",
            ("0a9e6d3ccc46747a",),
            lazy("lost_heartbeats.report_lost_heartbeats"),
            ("3.3",),
        ),
        Patch(
            SCHEDULER,
            "SchedulerJobRunner._purge_zombies",
            ("44842a419cd0355e",),
            lazy("lost_heartbeats.report_zombies"),
            ("2.11",),
        ),
        Patch(
            "celery.worker.request",
            "Request.on_failure",
            ("8d61fddb37c2392c",),
            lazy("lost_supervisors.report_lost_worker"),
            ("3.3",),
        ),
        Patch(
            "airflow.task.task_runner.standard_task_runner",
            "StandardTaskRunner.start",
            ("abcc8cb699380848",),
            lazy("lost_local_jobs.count_kills_before"),
            ("2.11",),
        ),
        Patch(
            "airflow.jobs.local_task_job_runner",
            "LocalTaskJobRunner.handle_task_exit",
            ("503f78ba10ae6d33",),
            lazy("lost_local_jobs.report_memory"),
            ("2.11",),
        ),
        EXECUTE_LOCALLY,
        Patch(
            "airflow.executors.local_executor",
            "LocalExecutor._check_workers",
            ("c7090db880e7e2a7",),
            lazy("lost_supervisors.report_dead_workers"),
            ("3.3",),
        ),
        Patch(
            "airflow.executors.base_executor",
            "BaseExecutor.run_workload",
            ("e84e8f0e20118016",),
            lazy("try_recording.record_try"),
            ("3.3",),
        ),
        Patch(
            "airflow.providers.celery.executors.celery_executor_utils",
            "_execute_in_fork",
            ("4a4765e7b15ef451",),
            lazy("lost_local_jobs.report_lost_job"),
            ("2.11",),
        ),
        Patch(
            KUBERNETES,
            "KubernetesExecutor._change_state",
            ("3d2129a79ff5a0b2", "c875c56ed1b86ac8"),  # the second: provider 10.23, for Python 3.10
            lazy("failed_pods.report_failed_pod"),
        ),
        Patch(
            f"{KUBERNETES}_utils",
            "collect_pod_failure_details",
            ("7d94bf6fd40be84d",),
            lazy("failed_pods.add_disruption"),
        ),
    ),
)
