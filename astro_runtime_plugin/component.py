"""The components of Airflow: how to identify one, and how old its heartbeat may be.

The startup hook imports this module, so it imports `entrypoint` only inside functions: an operator's own module may
have that name, and the hook must then log only one warning.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

SCHEDULER, TRIGGERER, DAG_PROCESSOR = "scheduler", "triggerer", "dag-processor"
API_SERVER, WEBSERVER = "api-server", "webserver"
CELERY_WORKER, FLOWER, KERBEROS = "celery worker", "celery flower", "kerberos"
# The components that have a job in Airflow's table `job`, with its type there.
JOB_TYPES = {SCHEDULER: "SchedulerJob", TRIGGERER: "TriggererJob", DAG_PROCESSOR: "DagProcessorJob"}
# No job reports the start of these; the plugin reports only the API server's, and only if it serves the UI.
WITHOUT_LISTENER = (API_SERVER, CELERY_WORKER, FLOWER, KERBEROS)
COMPONENTS = (*JOB_TYPES, WEBSERVER, *WITHOUT_LISTENER)
WITHOUT_DATABASE = (CELERY_WORKER, FLOWER)  # on Airflow 3 these can run without the metadata database
# These write task logs, read them, or delete old ones.
WITH_TASK_LOGS = (SCHEDULER, TRIGGERER, CELERY_WORKER, API_SERVER, WEBSERVER)
WEB_SERVERS = (API_SERVER, WEBSERVER)
WEBSERVER_APPLICATION = "airflow.www.app"  # the application that gunicorn serves on Airflow 2


class HeartbeatThreshold(NamedTuple):
    """The setting for how old a heartbeat may be, its default in seconds, and the factor that Airflow applies."""

    section: str
    option: str
    default: float
    factor: float


_SCHEDULER = HeartbeatThreshold("scheduler", "scheduler_health_check_threshold", 30.0, 1.0)
_TRIGGERER = HeartbeatThreshold("triggerer", "triggerer_health_check_threshold", 30.0, 1.0)
# By line and job type. Source: `health_check_threshold` in airflow/jobs/job.py of each line.
HEARTBEAT_THRESHOLDS = {
    "3.3": {
        "SchedulerJob": _SCHEDULER,
        "TriggererJob": _TRIGGERER,
        "DagProcessorJob": HeartbeatThreshold("dag_processor", "health_check_threshold", 30.0, 1.0),
    },
    "2.11": {
        "SchedulerJob": _SCHEDULER,
        "TriggererJob": _TRIGGERER,
        "DagProcessorJob": HeartbeatThreshold("scheduler", "job_heartbeat_sec", 5.0, 2.1),
    },
}


def identify(argv: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return the component that a process with this command line runs, or None if it runs none."""
    from entrypoint.command import parse
    from entrypoint.errors import StartError

    if any(word.startswith(WEBSERVER_APPLICATION) for word in argv):
        return WEBSERVER
    try:
        return from_subcommand(parse(("airflow", *argv[1:]), environ).subcommand)
    except StartError:
        return None


def from_subcommand(words: Sequence[str], components: Collection[str] = COMPONENTS) -> str | None:
    """Return the one of `components` that an airflow subcommand such as `("celery", "worker")` runs, or None."""
    return next((name for name in (" ".join(words[:2]), *words[:1]) if name in components), None)


def heartbeat_threshold(component: str, line: str) -> HeartbeatThreshold:
    """Return a component's threshold; one without a job uses the scheduler's."""
    return HEARTBEAT_THRESHOLDS[line][JOB_TYPES.get(component, "SchedulerJob")]
