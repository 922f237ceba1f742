"""Checks the heartbeat of this container's job in the metadata database, as `airflow jobs check --local` does."""

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

CONNECT_TIMEOUT = {"connect_timeout": 5}  # seconds; SQLite's drivers have another name for it
TIMEOUTS = {"sqlite": {"timeout": 5}, **dict.fromkeys(("postgresql", "mysql", "mariadb"), CONNECT_TIMEOUT)}
COLUMNS: Mapping[str, Any] = {
    "job_type": String,
    "state": String,
    "hostname": String,
    "latest_heartbeat": DateTime(timezone=True),
}


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
    url = metadata_url(settings.url(DATABASE))
    query = heartbeat_query(settings, job_type)
    try:
        engine = create_engine(url, connect_args=connect_args(url, settings), poolclass=NullPool)
        with engine.connect() as connection:
            use_utc(connection)
            heartbeat = connection.execute(query).scalar()
    except SQLAlchemyError as error:
        address = f"{url.host or url.database}" + (f":{url.port}" if url.port else "")
        raise UnhealthyError(
            f"could not query the metadata database at {address}: {type(error).__name__}"
        ) from None
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


def connect_args(url: URL, settings: HealthSettings) -> dict[str, Any]:
    """Return the driver's arguments: a timeout, and the operator's `sql_alchemy_connect_args`."""
    path = settings.get("database", "sql_alchemy_connect_args", "")
    return {**TIMEOUTS.get(url.get_backend_name(), {}), **(settings.import_attribute(path) if path else {})}


def metadata_url(url: str) -> URL:
    """Return the URL as Airflow uses it. Raises UnhealthyError for text that is not a URL."""
    try:
        return make_url(url.replace("postgres://", "postgresql://", 1).replace("postgres+", "postgresql+", 1))
    except (SQLAlchemyError, ValueError):
        raise UnhealthyError(
            "[database] sql_alchemy_conn holds an invalid value (hidden); it must be the URL of a database"
        ) from None


def use_utc(connection: Connection) -> None:
    """Make MySQL return times in UTC, as Airflow's own connections do; the other databases do so anyway."""
    if connection.dialect.name in ("mysql", "mariadb"):
        connection.execute(text("SET time_zone = '+00:00'"))


def job_hostname(settings: HealthSettings) -> str | None:
    """Return this host's name as Airflow records it; None if that takes a function of Airflow's own."""
    path = settings.get("core", "hostname_callable", "airflow.utils.net.getfqdn")
    if path in HOSTNAME_CALLABLES:
        return HOSTNAME_CALLABLES[path]()
    return None if path.startswith("airflow.") else str(settings.import_attribute(path)())


def getfqdn() -> str:
    """Return the canonical name of this host, like `airflow.utils.net.getfqdn`."""
    name = socket.gethostname()
    try:
        addresses = socket.getaddrinfo(name, None, 0, socket.SOCK_DGRAM, 0, socket.AI_CANONNAME)
    except OSError:
        return name
    return next((address[3] for address in addresses if address[3]), name)


def ip_address() -> str:
    """Return this host's address, like `airflow.utils.net.get_host_ip_address`."""
    return socket.gethostbyname(getfqdn())


HOSTNAME_CALLABLES: Mapping[str, Callable[[], str]] = {
    "airflow.utils.net.getfqdn": getfqdn,
    "airflow.utils.net.get_host_ip_address": ip_address,
}
