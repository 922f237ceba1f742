"""A child process that queries a job's heartbeat with Airflow's own engine, so with whatever the operator makes of it.

An example is an `airflow_local_settings.py` whose SQLAlchemy listener puts a token in the place of the password.
"""

from __future__ import annotations

import os
from contextlib import redirect_stderr, redirect_stdout
from io import StringIO
from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from astro_runtime_plugin import airflow_compat, child_process
from astro_runtime_plugin.health.database import query_value, time_limit
from astro_runtime_plugin.health.job import heartbeat_query
from astro_runtime_plugin.health.settings import read_settings


def main() -> None:
    """Answer with the heartbeat, or with what prevents it: the database's problem, or another one (`unknown`)."""
    environ, job_type = child_process.read_question()
    os.environ.clear()
    os.environ.update(environ)
    with redirect_stdout(StringIO()), redirect_stderr(StringIO()):  # Airflow logs while it is imported
        result = query(environ, job_type)
    child_process.answer(result)


def query(environ: dict[str, str], job_type: str) -> dict[str, Any]:
    """Return the answer."""
    try:
        engine = airflow_compat.metadata_engine()
        event.listen(engine, "do_connect", limit_time)
        heartbeat = query_value(engine, heartbeat_query(read_settings(environ, ()), job_type))
        return {"heartbeat": heartbeat and heartbeat.isoformat()}
    except SQLAlchemyError as error:
        return {"problem": type(error).__name__}
    except (Exception, SystemExit) as error:  # whatever the operator's modules raise
        return {"unknown": type(error).__name__}


def limit_time(dialect: Any, record: Any, words: list[Any], options: dict[str, Any]) -> None:
    """Limit how long the driver connects, as SQLAlchemy's `do_connect` listener; a limit of the operator's stays."""
    for name, seconds in time_limit(dialect.driver).items():
        options.setdefault(name, seconds)
