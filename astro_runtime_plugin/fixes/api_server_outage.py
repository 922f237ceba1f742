"""A task outlives an outage of the API server for as long as the scheduler would wait for its heartbeat.

Airflow's supervisor kills its task after three failed heartbeats, each of which it repeats and waits for, while the
scheduler waits `task_instance_heartbeat_timeout` since the last one that was answered. Here a heartbeat is tried once,
the task lives until the scheduler gives it up, what it asks for meanwhile is answered after the outage, and its start
and its final state are sent until then. So the setting must be the same in every component. The answers 404, 409 and
410 end a task at once, as they do in Airflow.
"""

from __future__ import annotations

from astro_runtime_plugin.fixes.fix import Fix, Patch, lazy

CLIENT, SUPERVISOR = "airflow.sdk.api.client", "airflow.sdk.execution_time.supervisor"
ID = "api-server-outage"
LINES = ("3.3",)
# The supervisor's functions, the digests of their source, and what wraps them. `keep_request` needs `send_heartbeat`.
PATCHES = (
    ("_configure_logging", "0eacd522b8ca2ee9", "patient_supervisor.patient_logging"),
    ("ActivitySubprocess._on_child_started", "c1810e9d6d095987", "patient_supervisor.patient_start"),
    ("ActivitySubprocess._send_heartbeat_if_needed", "31f8f8772b8c6096", "heartbeat_outage.send_heartbeat"),
    (
        "ActivitySubprocess._handle_heartbeat_failures",
        "78a72b8b5af7fd87",
        "heartbeat_outage.tolerate_failures",
    ),
    ("ActivitySubprocess._handle_request", "30064da15beecec2", "patient_supervisor.keep_request"),
    (
        "ActivitySubprocess.update_task_state_if_needed",
        "9f0c88714b9fff61",
        "patient_supervisor.deliver_state",
    ),
)
FIX = Fix(
    id=ID,
    title="A running task outlives an outage of the API server that is shorter than the scheduler's heartbeat timeout",
    symptom="A minute without an API server fails every running task, and those that start or end meanwhile.",
    issue="https://github.com/apache/airflow/pull/73244",
    ends="Airflow's supervisor kills a task no earlier than `task_instance_heartbeat_timeout` after its last heartbeat,"
    " and repeats its start and its final state until then.",
    patches=(
        Patch(CLIENT, "Client.request", ("47a84818c29aec97",), lazy("request_policy.use_policy"), LINES),
        *(Patch(SUPERVISOR, function, (digest,), lazy(name), LINES) for function, digest, name in PATCHES),
    ),
)
