"""A task in a Kubernetes pod does not import what writes DAGs to the database.

To find its task, a task's process parses the DAG's file with the module of the DAG processor. That module also stores
DAGs, for which it imports the code that serializes them, and with it most classes of the database, which no task of
Airflow 3 has access to: half of what the process does before the first line of a task. Here a pod imports that code
when it is used. Other processes import it as before: tasks are forks of them, and would import it one by one.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import ModuleType

from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.support.pod_process import runs_one_task
from astro_runtime_plugin.fixes.support.stand_in import LateName, stand_in

DAG_BAG = "airflow.dag_processing.dagbag"
SERIALIZATION = "airflow.serialization.serialized_objects"
NAME = "LazyDeserializedDAG"


def serialize_late(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """Wrap what executes the module that parses and stores DAGs."""

    def execute_without_serialization(module: ModuleType) -> None:
        if SERIALIZATION in sys.modules or not runs_one_task():
            execute(module)
            return
        with stand_in(SERIALIZATION, DAG_BAG, {NAME: LateName(SERIALIZATION, NAME)}):
            execute(module)

    return execute_without_serialization


FIX = Fix(
    id="needless-serialization",
    title="A task in a Kubernetes pod does not import what writes DAGs to the database",
    symptom="A pod of KubernetesExecutor takes a tenth longer to its task's first line than it needs.",
    issue="",
    ends="Airflow parses the file of a task's DAG without the code that serializes DAGs.",
    patches=(Patch(DAG_BAG, WHOLE_MODULE, ("171a69f77f8e90b2",), serialize_late, ("3.3",)),),
)
