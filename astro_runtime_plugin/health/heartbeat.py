"""Whether this container's job beats: what `airflow jobs check --local` looks at, asked of the database itself."""

from __future__ import annotations

import socket
from collections.abc import Callable, Mapping
from datetime import datetime, timezone
from typing import Any

from sqlalchemy import DateTime, String, column, create_engine, select, table, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import NullPool
from sqlalchemy.sql import Select

from astro_runtime_plugin.component import HEARTBEAT_THRESHOLDS
from astro_runtime_plugin.health.settings import HealthSettings, UnhealthyError
from entrypoint.command import DATABASE

CONNECT = {"connect_timeout": 5}  # seconds; SQLite's drivers call it otherwise
TIMEOUTS = {"sqlite": {"timeout": 5}, "postgresql": CONNECT, "mysql": CONNECT, "mariadb": CONNECT}
COLUMNS: Mapping[str, Any] = {
    "job_type": String,
    "state": String,
    "hostname": String,
    "latest_heartbeat": DateTime(timezone=True),
}


def check_job(job_type: str) -> Callable[[HealthSettings], None]:
    """Return the check of the job's heartbeat, which raises UnhealthyError."""

    def check(configured: HealthSettings) -> None:
        threshold = HEARTBEAT_THRESHOLDS[configured.line][job_type]
        oldest = configured.number(threshold.section, threshold.option, threshold.default) * threshold.factor
        beat = latest_heartbeat(configured, job_type)
        if beat is None:
            raise UnhealthyError(f"no {job_type} runs on this host, says the metadata database")
        age = (datetime.now(timezone.utc) - beat).total_seconds()
        if age > oldest:
            raise UnhealthyError(
                f"the {job_type} of this host beat last {age:.0f} s ago; {oldest:.0f} s may pass"
            )

    return check


def latest_heartbeat(configured: HealthSettings, job_type: str) -> datetime | None:
    """Return the latest heartbeat of this host's running job; None where there is none."""
    url = metadata_url(configured.url(DATABASE))
    query = heartbeat_query(configured, job_type)
    try:
        with create_engine(
            url, connect_args=connect_args(url, configured), poolclass=NullPool
        ).connect() as connection:
            use_utc(connection)
            beat = connection.execute(query).scalar()
    except SQLAlchemyError as error:
        where = f"{url.host or url.database}" + (f":{url.port}" if url.port else "")
        raise UnhealthyError(
            f"the metadata database at {where} cannot be asked: {type(error).__name__}"
        ) from None
    return beat if beat is None or beat.tzinfo else beat.replace(tzinfo=timezone.utc)


def heartbeat_query(configured: HealthSettings, job_type: str) -> Select[Any]:
    """Return the query for the latest heartbeat of the host's job."""
    schema = configured.get("database", "sql_alchemy_schema", "") or None
    job = table("job", *(column(name, kind) for name, kind in COLUMNS.items()), schema=schema)
    query = select(job.c.latest_heartbeat).where(job.c.job_type == job_type, job.c.state == "running")
    host = hostname(configured)
    if host:
        query = query.where(job.c.hostname == host)
    return query.order_by(job.c.latest_heartbeat.desc()).limit(1)


def connect_args(url: URL, configured: HealthSettings) -> dict[str, Any]:
    """Return what the driver is given: a time-out, and what the operator's `sql_alchemy_connect_args` names."""
    path = configured.get("database", "sql_alchemy_connect_args", "")
    return {**TIMEOUTS.get(url.get_backend_name(), {}), **(configured.import_attribute(path) if path else {})}


def metadata_url(url: str) -> URL:
    """Return the URL as Airflow uses it. Raises UnhealthyError where it is none."""
    try:
        return make_url(url.replace("postgres://", "postgresql://", 1).replace("postgres+", "postgresql+", 1))
    except (SQLAlchemyError, ValueError):
        raise UnhealthyError(
            "[database] sql_alchemy_conn is no URL of a database (it is not shown)"
        ) from None


def use_utc(connection: Connection) -> None:
    """Make MySQL tell times in UTC, as Airflow's own connections do; the others do so anyway."""
    if connection.dialect.name in ("mysql", "mariadb"):
        connection.execute(text("SET time_zone = '+00:00'"))


def hostname(configured: HealthSettings) -> str | None:
    """Return this host's name as Airflow writes it; None where only Airflow could tell."""
    path = configured.get("core", "hostname_callable", "airflow.utils.net.getfqdn")
    known = {"airflow.utils.net.getfqdn": getfqdn, "airflow.utils.net.get_host_ip_address": ip_address}
    if path in known:
        return known[path]()
    return None if path.startswith("airflow.") else str(configured.import_attribute(path)())


def getfqdn() -> str:
    """Return the canonical name of this host, as `airflow.utils.net.getfqdn` finds it."""
    name = socket.gethostname()
    try:
        found = socket.getaddrinfo(name, None, 0, socket.SOCK_DGRAM, 0, socket.AI_CANONNAME)
    except OSError:
        return name
    return next((entry[3] for entry in found if entry[3]), name)


def ip_address() -> str:
    """Return this host's address, as `airflow.utils.net.get_host_ip_address` finds it."""
    return socket.gethostbyname(getfqdn())
