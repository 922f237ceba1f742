"""Whether the module that parses DAGs imports what serializes them: `needless_serialization MODULE` for `-m MODULE`."""

from __future__ import annotations

import sys

sys.orig_argv = [sys.executable, "-m", sys.argv[1]]  # as Airflow's start finds it

from airflow.dag_processing import dagbag  # noqa: E402
from airflow.sdk import DAG  # noqa: E402

from testing.proof import report  # noqa: E402

SERIALIZATION = "airflow.serialization.serialized_objects"
imported = [SERIALIZATION in sys.modules]
serialized = dagbag.LazyDeserializedDAG.from_dag(DAG("dag"))
imported += [SERIALIZATION in sys.modules]
from airflow.serialization.serialized_objects import LazyDeserializedDAG  # noqa: E402

report({"imported": imported, "dag": serialized.dag_id, "other": LazyDeserializedDAG.__name__})
