"""Starts everything, prints the URL and login, waits, and stops everything."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

from dev.run import config, health
from dev.run.home import DAGS, LOGS, lock_home
from dev.run.login import prepare_login
from dev.run.port import check_port, parse_port
from dev.run.profiles import PROFILE
from dev.run.stop_request import StopRequest
from dev.run.supervisor import Supervisor
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption

DAGS_FOLDER = ConfigOption("core", "dags_folder")


def main(home: str, port: str, environ: Mapping[str, str]) -> int:
    """Return the exit code: 0 after a stop, 1 if a component ended, 75 or 78 if nothing could be started."""
    stop_request, folder = StopRequest(), Path(home).expanduser().absolute()
    os.umask(0o077)  # keeps the database and the logs private
    try:
        number = parse_port(port)
        with lock_home(folder):
            check_port(number)
            return run(folder, number, {**environ, "AIRFLOW_HOME": str(folder)}, stop_request)
    except StartError as error:
        log(str(error))
        return error.code


def run(home: Path, port: int, environ: Mapping[str, str], stop_request: StopRequest) -> int:
    """Run Airflow with its data in `home` and its URL on `port`; return the exit code."""
    cfg = config.load_cfg(environ)
    url, urls = config.addresses(environ, cfg, port)
    secrets = config.missing_secrets(home, environ, cfg)
    logs, dags = home / LOGS, config.user_value(DAGS_FOLDER, environ, cfg) or home / DAGS
    supervisor = Supervisor({**environ, **urls, **secrets, "PYTHONUNBUFFERED": "1"}, logs, stop_request)
    try:
        log("migrating the metadata database")
        supervisor.run_step("migration", ("db", "migrate"))
        login = prepare_login(home, environ, cfg, supervisor.run_step)
        since = datetime.now(timezone.utc)
        log(f"starting {', '.join(PROFILE.components)}")
        for name, command in PROFILE.components.items():
            supervisor.start(name, [word.format(port=port) for word in command])
        supervisor.wait_until_healthy(lambda: health.unhealthy(url, since))
        print_block(f"URL: {url}", *login, f"Data: {home}", f"DAGs: {dags}", f"Logs: {logs}", "Stop: Ctrl-C")
        supervisor.watch()
    except KeyboardInterrupt:
        log("stopping")
    except StartError as error:
        log(str(error))
        return error.code
    finally:
        supervisor.stop()
    log(f"stopped; the data is kept in {home}")
    return 0


def print_block(*lines: str) -> None:
    """Print what a newcomer needs to know, between two rules."""
    rule = "─" * max(map(len, lines))
    print("", rule, "Airflow is up.", *lines, rule, sep="\n", flush=True)


def log(line: str) -> None:
    """Write a line to stderr; a closed terminal is no error."""
    with contextlib.suppress(OSError):
        print(f"make run: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], os.environ))
