"""The workers that a scheduler records in a web server's database, and what the API makes of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from astro_runtime_plugin.database.state import MAX_CLOCK_SKEW
from testing.web.server_profiles import PARALLELISM
from testing.web.web_server import WebServer

ENDPOINT = "/astro-runtime/api/workers"
RECORD = """
from astro_runtime_plugin.parallelism.snapshot import KIND, scheduler_row
from astro_runtime_plugin.parallelism.limit import LimitState, Worker
from astro_runtime_plugin.database.state import put
from entrypoint.capacity import Calculation
state = LimitState(Calculation(32, "no worker has answered"), lambda _: None)
state.update([Worker("a@one", 16, ("default",)), Worker("b@two", 4, ("default", "gpu"))])
put(KIND, "host:7", scheduler_row(state))
"""
# As from a scheduler whose clock is ahead: the row counts for minutes, which a busy machine may take to read it.
KEEP_FRESH = f"""
    UPDATE astro_runtime_state SET updated_at = updated_at + {MAX_CLOCK_SKEW - 60} WHERE kind = 'parallelism'
"""
DELETE = "DELETE FROM astro_runtime_state WHERE kind = 'parallelism'"
LIMIT, WHY = 20, "1×16 default + 1×4 default, gpu"
A, B = {"name": "a@one", "pool": 16}, {"name": "b@two", "pool": 4}
RESPONSE = {  # of a server with the plain profile
    "parallelism": PARALLELISM["value"],
    "origin": PARALLELISM["origin"],
    "why": PARALLELISM["why"],
    "schedulers": [{"scheduler": "host:7", "parallelism": LIMIT, "why": WHY}],
    "queues": [
        {"name": "default", "workers": [A, B], "pool": 20},
        {"name": "gpu", "workers": [B], "pool": 4},
    ],
}


@contextmanager
def recorded_workers(server: WebServer) -> Iterator[None]:
    """Record two workers, as a scheduler does, until the end of the block."""
    server.run_python(RECORD)
    try:
        _execute(server, KEEP_FRESH)
        yield
    finally:
        _execute(server, DELETE)


def _execute(server: WebServer, statement: str) -> None:
    path = Path(server.environ["AIRFLOW_HOME"]) / "airflow.db"
    with closing(sqlite3.connect(path, timeout=300)) as database, database:
        database.execute(statement)
