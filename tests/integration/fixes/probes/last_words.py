"""Lets a real scheduler, worker or executor find out that a try has ended; reports the end of the try's log."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from testing.airflow_command import airflow_command, save_dags
from testing.installed_line import LINE
from testing.proof import report

LOGS = Path(os.environ["AIRFLOW_HOME"]) / "logs"
PATH = LOGS / "dag_id=dag" / "run_id=run" / "task_id=task" / "attempt=1.log"
IMPORTS = {
    "3.3": "from airflow.sdk import DAG, task",
    "2.11": "from airflow import DAG\nfrom airflow.decorators import task",
}
DAG = f"""
import os, signal
{IMPORTS[LINE]}
with DAG("dag", schedule=None, is_paused_upon_creation=False):
    @task(task_id="task")
    def kill_supervisor():
        print("before")
        os.kill(os.getppid(), signal.SIGKILL)
        os.kill(os.getpid(), signal.SIGKILL)
    kill_supervisor()
"""
FIRST = {"3.3": '{"event":"before","level":"info"}\n', "2.11": "[2026-01-01T00:00:00.000+0000] before\n"}[
    LINE
]


def create_task(**columns: Any) -> Any:
    """Create a task instance at its first try, and return it."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    save_dags(DAG)
    airflow_command("dags", "trigger", "dag", "--run-id", "run")
    with create_session() as session:
        found = session.query(TaskInstance).one()
        for name, value in {"try_number": 1, **columns}.items():
            setattr(found, name, value)
        found.dag_run.state = "running"
        session.flush()
        session.expunge_all()
    return found


def write_log() -> None:
    """Write the first line of the try's log, as the task did."""
    PATH.parent.mkdir(parents=True, exist_ok=True)
    PATH.write_text(FIRST)


def lines() -> list[str]:
    """Return the lines of the log that follow the first."""
    return PATH.read_text().splitlines()[1:] if PATH.exists() else []


def scheduler() -> Any:
    """Return a scheduler that needs no DAG processor."""
    from airflow.executors.base_executor import BaseExecutor

    from testing.scheduler_parts import create_scheduler

    class Executor(BaseExecutor):
        def send_callback(self, request: Any) -> None:
            """Need no DAG processor."""

    return create_scheduler(Executor())


def look_for_heartbeats(runner: Any, clock: Any) -> None:
    """Let twenty minutes pass, in which a scheduler finds a task again after it has failed it."""
    from testing.scheduler_parts import purge, write_heartbeat

    for _ in range(120):
        clock.ahead += 10
        write_heartbeat(runner)
        purge(runner)


def lose_heartbeat(*, has_log: bool) -> Any:
    """The scheduler looks twice for tasks without heartbeats, and finds one."""
    from airflow.jobs.job import Job
    from airflow.utils.session import create_session

    from testing.scheduler_parts import Clock

    clock, runner = Clock(), scheduler()
    columns: dict[str, Any] = {
        "state": "running",
        "queued_by_job_id": runner.job.id,
        "hostname": "there",
        "pid": 77,
    }
    if LINE == "2.11":
        with create_session() as session:
            job = Job(job_type="LocalTaskJob", state="running", latest_heartbeat=clock.now())
            session.add(job)
            session.flush()
            columns["job_id"] = job.id
    else:
        columns["last_heartbeat_at"] = clock.now()
    create_task(**columns)
    if has_log:
        write_log()
    look_for_heartbeats(runner, clock)
    return lines()


def lose_supervisor_of_celery_3() -> Any:
    """Celery's main process finds that the process of a task is gone."""
    import json
    from unittest.mock import Mock

    import airflow  # noqa: F401 (as a worker does first)
    from billiard.einfo import ExceptionInfo  # type: ignore[import-untyped]
    from billiard.exceptions import WorkerLostError  # type: ignore[import-untyped]
    from celery.worker.request import Request

    from testing.task_workload import task_workload

    write_log()
    message = json.loads(task_workload(str(PATH.relative_to(LOGS))))
    request: Any = Mock(spec=Request, args=[json.dumps(message)], task=Mock(acks_late=False))
    try:
        raise WorkerLostError("Worker exited prematurely: signal 9 (SIGKILL) Job: 0.")
    except WorkerLostError:
        Request.on_failure(request, ExceptionInfo())
    return lines()


def lose_supervisor_of_executor(execute: Callable[[list[str]], Any]) -> Any:
    """A worker of Airflow 2 runs a task, which kills its LocalTaskJob."""
    create_task(state="queued")
    folder = Path(os.environ["AIRFLOW_HOME"]) / "dags" / "dags.py"
    execute(["airflow", "tasks", "run", "dag", "task", "run", "--local", "--subdir", str(folder)])
    return PATH.read_text().splitlines()


def lose_supervisor_and_heartbeat() -> Any:
    """A worker of Airflow 2 finds that LocalTaskJob was killed; the scheduler then misses its heartbeats."""
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    from astro_runtime_plugin.fixes.support import last_words
    from testing.scheduler_parts import Clock

    lose_supervisor_of_executor(execute_in_celery)
    last_words._tries.clear()  # the scheduler is another process
    clock, runner = Clock(), scheduler()
    with create_session() as session:
        task = session.query(TaskInstance).one()
        assert task.state == "running"
        task.queued_by_job_id = runner.job.id
    look_for_heartbeats(runner, clock)
    return PATH.read_text().splitlines()


def execute_locally(command: list[str]) -> None:
    from multiprocessing import Queue

    from airflow.executors.local_executor import QueuedLocalWorker

    QueuedLocalWorker(Queue(), Queue())._execute_work_in_fork(command)  # type: ignore[attr-defined]


def execute_in_celery(command: list[str]) -> None:
    from airflow.providers.celery.executors.celery_executor_utils import _execute_in_fork

    with suppress(Exception):
        _execute_in_fork(command)


def lose_worker_of_local_executor_3() -> Any:
    """A worker of LocalExecutor is killed while it supervises a task; the task does not get beyond its start."""
    import signal
    import threading
    from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

    from airflow.executors.local_executor import LocalExecutor

    from testing.queued_tasks import create_tasks, queue_tasks
    from testing.waiting import wait_until

    begun, over = threading.Event(), threading.Event()

    class Server(BaseHTTPRequestHandler):
        def do_PATCH(self) -> None:
            """Let the supervisor wait for the answer."""
            begun.set()
            over.wait(300)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    os.environ["AIRFLOW__CORE__EXECUTION_API_SERVER_URL"] = (
        f"http://127.0.0.1:{server.server_port}/execution/"
    )
    executor: Any = LocalExecutor(parallelism=1)
    tasks = create_tasks(1)
    executor.start()
    threading.Thread(target=server.serve_forever, daemon=True).start()
    queue_tasks(executor, tasks)
    executor.heartbeat()
    assert begun.wait(300)
    (pid,) = executor.workers
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: not executor.workers[pid].is_alive())
    executor.heartbeat()
    executor.heartbeat()
    over.set()
    for worker in executor.workers.values():
        worker.kill()
    assert list((LOGS / ".astro-runtime" / "running").glob("*")) == []
    return [line for log in LOGS.rglob("attempt=*.log") for line in log.read_text().splitlines()]


def lose_pod() -> Any:
    """The watcher sees an evicted pod, and KubernetesExecutor gets to know of it."""
    from unittest.mock import Mock

    from airflow.providers.cncf.kubernetes.executors import kubernetes_executor_utils as utils
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor import KubernetesExecutor
    from airflow.providers.cncf.kubernetes.executors.kubernetes_executor_types import KubernetesResults
    from kubernetes.client import models

    task = create_task(state="running")
    write_log()
    killed = models.V1ContainerStateTerminated(exit_code=137, reason="OOMKilled")
    container = models.V1ContainerStatus(
        name="base",
        image="",
        image_id="",
        ready=False,
        restart_count=0,
        state=models.V1ContainerState(terminated=killed),
    )
    disrupted = models.V1PodCondition(
        type="DisruptionTarget",
        status="True",
        reason="TerminationByKubelet",
        message="The node was low on memory.",
    )
    status = models.V1PodStatus(phase="Failed", container_statuses=[container], conditions=[disrupted])
    pod = models.V1Pod(metadata=models.V1ObjectMeta(name="pod"), status=status)
    details = utils.collect_pod_failure_details(pod, Mock())
    executor = KubernetesExecutor()
    executor.kube_scheduler = Mock()
    results = KubernetesResults(task.key, "failed", "pod", "default", "1", details)
    executor._change_state(results)
    return lines()


SCENES: dict[str, Callable[[], Any]] = {
    "heartbeat": lambda: lose_heartbeat(has_log=True),
    "heartbeat elsewhere": lambda: lose_heartbeat(has_log=False),
    "local 3": lose_worker_of_local_executor_3,
    "celery 3": lose_supervisor_of_celery_3,
    "celery 2": lambda: lose_supervisor_of_executor(execute_in_celery),
    "local 2": lambda: lose_supervisor_of_executor(execute_locally),
    "heartbeat after supervisor": lose_supervisor_and_heartbeat,
    "pod": lose_pod,
}
report(SCENES[sys.argv[1]]())
