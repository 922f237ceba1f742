"""Airflow's connections to a real PostgreSQL, which end by themselves if its machine is gone."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from astro_runtime_plugin.database import keepalive
from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.servers import Postgres

PROBE = """
import json, os, socket
from airflow import settings

settings.initialize()
connection = settings.engine.raw_connection()
names = ("SO_KEEPALIVE",), ("TCP_KEEPIDLE", "TCP_KEEPINTVL", "TCP_KEEPCNT", "TCP_USER_TIMEOUT")
with socket.socket(fileno=os.dup(connection.fileno())) as client:
    for level, options in zip((socket.SOL_SOCKET, socket.IPPROTO_TCP), names):
        print(json.dumps([client.getsockopt(level, getattr(socket, option)) for option in options]))
"""


def socket_options(home: Path, server: Postgres, **variables: str) -> list[list[int]]:
    """Return what the kernel knows of a connection: whether it looks if the server is there, and how."""
    environ = environment(home, {**database_environ(server.url("postgres")), **variables})
    done = subprocess.run(
        [sys.executable, "-c", PROBE], env=environ, text=True, capture_output=True, timeout=300
    )
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()[-2:]]


def test_kernel_ends_a_connection_to_a_server_that_is_gone(tmp_path: Path, server: Postgres) -> None:
    name = f"{keepalive.__name__}.CONNECT_ARGS"
    options = socket_options(tmp_path, server, AIRFLOW__DATABASE__SQL_ALCHEMY_CONNECT_ARGS=name)
    assert options == [[1], [15, 5, 3, 30_000]]


def test_connection_of_stock_waits_for_hours(tmp_path: Path, server: Postgres) -> None:
    """Else the arguments are not needed any more."""
    [alive], [idle, *_, user_timeout] = socket_options(tmp_path, server)
    assert (alive, user_timeout) == (1, 0)
    assert idle >= 3600
