"""The message with which an executor of Airflow 3 hands a task to a supervisor; no database knows the task."""

from __future__ import annotations

import json
from uuid import uuid4


def task_workload(log_path: str, **identity: str | int) -> str:
    """Return the message as JSON: the task `task` of the DAG `dag`, in `dag.py` of the DAG folder.

    `log_path` is relative to Airflow's log folder. `identity` replaces the id, the try or the map index of the task.
    """
    task_instance = {
        "id": str(uuid4()),
        "dag_version_id": str(uuid4()),
        "task_id": "task",
        "dag_id": "dag",
        "run_id": "run",
        "try_number": 1,
        "map_index": -1,
        "pool_slots": 1,
        "queue": "default",
        "priority_weight": 1,
        **identity,
    }
    return json.dumps(
        {
            "type": "ExecuteTask",
            "ti": task_instance,
            "token": "token",
            "dag_rel_path": "dag.py",
            "bundle_info": {"name": "dags-folder", "version": None},
            "log_path": log_path,
        }
    )
