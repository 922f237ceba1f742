"""Checks the heartbeat of this container's job in the metadata database, as `airflow jobs check --local` does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from importlib.metadata import entry_points
from importlib.util import find_spec
from typing import Any

from sqlalchemy import DateTime, String, column, select, table
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql import Select

from astro_runtime_plugin import child_process
from astro_runtime_plugin.component import HEARTBEAT_THRESHOLDS
from astro_runtime_plugin.health.database import (
    metadata_address,
    metadata_engine,
    metadata_url,
    query_value,
)
from astro_runtime_plugin.health.hostname import job_hostname
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError, UnknownHealthError
from entrypoint.command import DATABASE

COLUMNS: Mapping[str, Any] = {
    "job_type": String,
    "state": String,
    "hostname": String,
    "latest_heartbeat": DateTime(timezone=True),
}
AIRFLOW_QUERY = "astro_runtime_plugin.health.airflow_query"
# Airflow has to be imported first. With the connection before it, this stays below the 20 s of the image's check.
AIRFLOW_SECONDS = 14
LOCAL_SETTINGS = "airflow_local_settings"


def check_job(settings: HealthSettings, job_type: str) -> None:
    """Raise UnhealthyError if the job has no recent heartbeat; `job_type` is the one in Airflow's table `job`."""
    threshold = HEARTBEAT_THRESHOLDS[settings.line][job_type]
    max_age = settings.number(threshold.section, threshold.option, threshold.default) * threshold.factor
    heartbeat = latest_heartbeat(settings, job_type)
    if heartbeat is None:
        raise UnhealthyError(f"the metadata database has no running {job_type} for this host")
    age = (datetime.now(timezone.utc) - heartbeat).total_seconds()
    if age > max_age:
        raise UnhealthyError(
            f"the last heartbeat of this host's {job_type} is {age:.0f} s old; at most {max_age:.0f} s is allowed"
        )


def latest_heartbeat(settings: HealthSettings, job_type: str) -> datetime | None:
    """Return the latest heartbeat of this host's running job; None if there is no such job."""
    text = settings.url(DATABASE)
    url = metadata_url(text)
    query = heartbeat_query(settings, job_type)
    try:
        heartbeat: datetime | None = query_value(metadata_engine(url, settings), query)
    except Exception as error:  # each driver has its own errors
        if isinstance(error, DBAPIError) and not is_engine_customized(settings):
            raise database_problem(text, type(error).__name__) from None
        heartbeat = heartbeat_from_airflow(text, settings, job_type)
    return heartbeat if heartbeat is None or heartbeat.tzinfo else heartbeat.replace(tzinfo=timezone.utc)


def heartbeat_query(settings: HealthSettings, job_type: str) -> Select[Any]:
    """Return the query for the latest heartbeat of the host's job."""
    schema = settings.get("database", "sql_alchemy_schema", "") or None
    job = table("job", *(column(name, kind) for name, kind in COLUMNS.items()), schema=schema)
    query = select(job.c.latest_heartbeat).where(job.c.job_type == job_type, job.c.state == "running")
    host = job_hostname(settings)
    if host:
        query = query.where(job.c.hostname == host)
    return query.order_by(job.c.latest_heartbeat.desc()).limit(1)


def database_problem(text: str, problem: str) -> UnhealthyError:
    """Return the error for a database that cannot be queried; of its URL `text` it shows only the address."""
    return UnhealthyError(f"could not query the metadata database at {metadata_address(text)}: {problem}")


def is_engine_customized(settings: HealthSettings) -> bool:
    """Return whether Airflow's engine may differ by more than the settings that the check reads.

    The operator's code may make the credentials: `airflow_local_settings.py`, a package with a policy, or a plugin of
    SQLAlchemy's.
    """
    settings.extend_path()
    policies = [policy.module for policy in entry_points(group="airflow.policy")]
    return (
        find_spec(LOCAL_SETTINGS) is not None
        or any(not module.startswith("astro_runtime_plugin.") for module in policies)
        or bool(settings.get("database", "sql_alchemy_engine_args", ""))
    )


def heartbeat_from_airflow(text: str, settings: HealthSettings, job_type: str) -> datetime | None:
    """Return the latest heartbeat by way of Airflow's own engine, in a child process.

    Takes seconds, so it is the way only where a direct connection failed. Raises UnhealthyError if Airflow cannot
    connect either, UnknownHealthError if it cannot be asked.
    """
    try:
        answer = child_process.ask(AIRFLOW_QUERY, (dict(settings.environ), job_type), AIRFLOW_SECONDS)
    except (child_process.ChildFailedError, OSError):
        raise UnknownHealthError(
            "only Airflow can connect to the metadata database, and took too long"
        ) from None
    if "problem" in answer:
        raise database_problem(text, answer["problem"])
    if "unknown" in answer:
        raise UnknownHealthError(
            f"only Airflow can connect to the metadata database, and failed: {answer['unknown']}"
        )
    heartbeat = answer["heartbeat"]
    return datetime.fromisoformat(heartbeat) if heartbeat else None
