"""How long a component of an installation takes to start in a container."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

import psycopg2  # type: ignore[import-untyped]

from dev.run.profiles import PROFILES
from testing.docker_engine import Container, run_container
from testing.waiting import wait_until

PAUSE = 0.02  # seconds between two polls: short in relation to what is measured
WEB_SERVERS = {"3.3": "api-server", "2.11": "webserver"}
DATABASE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=postgresql+psycopg2://airflow:airflow@postgres/airflow"
PUBLISH = "--publish=127.0.0.1::8080"
FIRST_HEARTBEAT = "SELECT 1 FROM job WHERE job_type = 'SchedulerJob' AND latest_heartbeat IS NOT NULL"


class Installation(NamedTuple):
    """How a component is started: the image, and the words before the component's own."""

    image: str
    words: tuple[str, ...] = ()


def start_until(
    watch: Callable[[Container], Callable[[], bool]],
    component: str,
    options: tuple[str, ...],
    installation: Installation,
) -> float:
    """Return the seconds from `docker run` until what `watch` returns for the container is true."""
    image, words = installation
    started = time.perf_counter()
    with run_container(image, *words, component, options=["--no-healthcheck", *options]) as container:
        wait_until(watch(container), container.log, pause=PAUSE)
        return time.perf_counter() - started


def watch_health(part: str, line: str, container: Container) -> Callable[[], bool]:
    """Return a function that tells whether the health endpoint calls a part of Airflow healthy."""
    url = f"http://{container.address()}/{PROFILES[line].health}"

    def is_healthy() -> bool:
        try:
            with urllib.request.urlopen(url, timeout=2) as response:
                return bool(json.load(response)[part]["status"] == "healthy")
        except (OSError, ValueError):  # among them urllib's errors, and a reply that is no JSON
            return False

    return is_healthy


def start_scheduler(options: tuple[str, ...], port: int, installation: Installation) -> float:
    """Return the seconds from `docker run scheduler` until its first heartbeat in PostgreSQL."""
    connection = psycopg2.connect(
        host="127.0.0.1", port=port, user="airflow", password="airflow", dbname="airflow"
    )
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM job")

        def has_heartbeat() -> bool:
            cursor.execute(FIRST_HEARTBEAT)
            return cursor.fetchone() is not None

        seconds = start_until(lambda _: has_heartbeat, "scheduler", options, installation)
    connection.close()
    return seconds


def component_starts(line: str, net: str, port: int) -> dict[str, Callable[[Installation], float]]:
    """Return, by name, what measures a start; PostgreSQL is on the network, and on a port of this machine."""
    web = WEB_SERVERS[line]
    on_postgresql = (f"--network={net}", f"--env={DATABASE}")
    scheduler, database = (partial(watch_health, part, line) for part in ("scheduler", "metadatabase"))
    return {
        "`standalone` to healthy": partial(start_until, scheduler, "standalone", (PUBLISH,)),
        "`scheduler` to heartbeat": partial(start_scheduler, on_postgresql, port),
        f"`{web}` to healthy": partial(start_until, database, web, (*on_postgresql, PUBLISH)),
    }
