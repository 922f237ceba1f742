"""`make run`: a real Airflow under the Runtime, in the foreground, until Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path
from urllib.parse import urlsplit

from dev import credentials, health, home, migration, port, processes
from dev.credentials import told
from dev.lines import HERE
from dev.login import login
from dev.supervise import FailedError, Signals, StoppedError, Supervisor
from entrypoint.config_file import AirflowCfg
from entrypoint.errors import StartError
from entrypoint.option_names import ConfigOption

DAGS_FOLDER = ConfigOption("core", "dags_folder")
# A `make` in a task must not take this one's options and variables for its own.
MAKES_OWN = ("MAKEFLAGS", "MAKEOVERRIDES", "MFLAGS", "MAKELEVEL")


def main(argv: list[str], environ: Mapping[str, str]) -> int:
    """Run Airflow until it is stopped (exit code 0) or a component ends (1); what cannot work is an error at once."""
    options, signals = _options(argv), Signals()
    os.umask(0o077)  # the database and the logs are no one else's either
    processes.adopt_orphans()
    processes.end_with_parent()
    folder = Path(options.home).expanduser().absolute()
    try:
        number = port.read(options.port)
        with home.claim(folder):
            port.check_free(number)
            return run(folder, number, {**_without_make(environ), "AIRFLOW_HOME": str(folder)}, signals)
    except StartError as error:
        say(str(error))
        return error.code


def _options(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make run", description=__doc__)
    parser.add_argument("--home", required=True, help="AIRFLOW_HOME, the folder for everything that is kept")
    parser.add_argument("--port", required=True, help="the port of the URL, on 127.0.0.1")
    return parser.parse_args(argv)


def _without_make(environ: Mapping[str, str]) -> dict[str, str]:
    return {name: text for name, text in environ.items() if name not in MAKES_OWN}


def run(folder: Path, number: int, environ: Mapping[str, str], signals: Signals) -> int:
    """Run Airflow with its data in `folder` and its URL on port `number`; return the exit code."""
    cfg = credentials.read_or_write_cfg(environ)
    url, variables = addresses(environ, cfg, number)
    secrets = credentials.supplied(folder, environ, cfg)
    theirs = {**environ, **variables, **secrets, "PYTHONUNBUFFERED": "1"}
    supervisor = Supervisor(theirs, folder / home.LOGS, signals)
    try:
        user = prepare(supervisor, folder, environ, cfg)
        since = datetime.now(timezone.utc)
        say(f"starting {', '.join(HERE.components)}")
        supervisor.start(number)
        supervisor.wait_until(lambda: health.unhealthy(url, since))
        dags = told(DAGS_FOLDER, environ, cfg) or folder / home.DAGS
        print(
            block([f"URL: {url}", *user, f"Data: {folder}", f"DAGs: {dags}", f"Logs: {folder / home.LOGS}"]),
            flush=True,
        )
        supervisor.watch()
    except StoppedError:
        say("stopping")
    except FailedError as error:
        say(str(error))
        return 1
    finally:
        supervisor.stop()
    say(f"stopped; the data is kept in {folder}")
    return 0


def addresses(environ: Mapping[str, str], cfg: AirflowCfg, number: int) -> tuple[str, dict[str, str]]:
    """Return the URL for the browser, with a slash at its end, and the variables that tell Airflow of it."""
    path = urlsplit(told(next(iter(HERE.urls)), environ, cfg)).path.rstrip("/")
    urls = {name: url.format(port=number, path=path) for name, url in HERE.urls.items()}
    return f"http://localhost:{number}{path}/", {
        name.variable: url for name, url in urls.items() if not told(name, environ, cfg)
    }


def prepare(supervisor: Supervisor, folder: Path, environ: Mapping[str, str], cfg: AirflowCfg) -> list[str]:
    """Bring the metadata database up to date, where it is not; return the lines that say how to log in."""
    if not migration.needed(folder, environ, cfg):
        return login(folder, environ, cfg, None)
    say("migrating the metadata database")
    supervisor.finish("migration", ("db", "migrate"))
    user = login(folder, environ, cfg, supervisor.finish)
    migration.remember(folder, environ, cfg)
    return user


def block(lines: list[str]) -> str:
    """Return what a newcomer needs to know, as one block."""
    lines = ["Airflow is up.", *lines, "Stop: Ctrl-C"]
    rule = "─" * max(map(len, lines))
    return "\n".join(["", rule, *lines, rule])


def say(line: str) -> None:
    """Write a line to stderr; a terminal that has been closed hears nothing and stops nothing."""
    with contextlib.suppress(OSError):
        print(f"make run: {line}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
