"""The components that are recorded, by the airflow subcommand that a process is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from astro_runtime_plugin.health.heartbeat import THRESHOLDS
from entrypoint.command import parse
from entrypoint.errors import StartError

CELERY_WORKER, FLOWER, KERBEROS = "celery worker", "celery flower", "kerberos"
API_SERVER, WEBSERVER = "api-server", "webserver"
WITHOUT_DATABASE = (CELERY_WORKER, FLOWER)  # these can run without the metadata database, on Airflow 3
# The job whose threshold says after how long a silence the component counts as dead; Airflow has one for its own jobs
# alone, and its scheduler's serves for the others.
JOBS = {"scheduler": "SchedulerJob", "triggerer": "TriggererJob", "dag-processor": "DagProcessorJob"}
COMPONENTS = (*JOBS, API_SERVER, WEBSERVER, CELERY_WORKER, FLOWER, KERBEROS)
APPLICATION = "airflow.www.app"  # what gunicorn is given to serve, on Airflow 2


def identify(argv: Sequence[str], environ: Mapping[str, str]) -> str | None:
    """Return the component that the process with this command line is; None where it is none."""
    if any(word.startswith(APPLICATION) for word in argv):
        return WEBSERVER
    try:
        words = parse(("airflow", *argv[1:]), environ).subcommand
    except StartError:
        return None
    return next((name for name in (" ".join(words[:2]), *words[:1]) if name in COMPONENTS), None)


def threshold(component: str, line: str) -> tuple[str, str, float, float]:
    """Return section, option, default in seconds and factor of the setting that says how old a heartbeat may be."""
    return THRESHOLDS[line][JOBS.get(component, "SchedulerJob")]
