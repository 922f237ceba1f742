"""Kills a real API server while a task runs, and starts it again; reports the task's state in the database."""

from __future__ import annotations

import os
from pathlib import Path

from airflow.executors.base_executor import BaseExecutor
from airflow.executors.workloads import ExecuteTask

from testing.api_server_process import ApiServerProcess, create_task, task_state
from testing.proof import report
from testing.task_in_outage import TaskInOutage, write_dag

write_dag()
task = create_task()
server = ApiServerProcess()
server.start()
try:
    supervisor = TaskInOutage(Path(os.environ["AIRFLOW_HOME"]) / "task", server)
    supervisor.run(ExecuteTask.make(task, generator=BaseExecutor().jwt_generator).model_dump_json())
    supervisor.wait_for_task()
    supervisor.miss_server()
    supervisor.end_task()
    supervisor.wait()
finally:
    server.stop()
report(task_state())
