"""Real processes of a web server, forked from one, with a real Airflow, database and provider."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from testing.database_setup import database_environ
from testing.entrypoint_process import CHECKOUT, gc_threshold
from testing.fixed_secrets import FERNET_KEY, SECRET_KEY
from testing.identity.conf import login_options, variables
from testing.identity.login_provider import LoginProvider, login_provider
from testing.identity.web_processes import CHILDREN
from testing.servers import Postgres
from testing.waiting import wait_until

ALL = range(CHILDREN + 1)


@pytest.fixture
def provider() -> Iterator[LoginProvider]:
    with login_provider() as running:
        yield running


class WebProcesses:
    """What the processes have printed so far."""

    def __init__(self, process: subprocess.Popen[str], output: Path) -> None:
        self.process, self._output = process, output

    def lines(self) -> list[str]:
        return self._output.read_text().splitlines()

    def wait_for(self, text: str) -> None:
        """Wait until all processes have printed it last; none of them has ended before."""
        wait_until(
            lambda: all(self.last(number) == text for number in ALL),
            lambda: "\n".join(self.lines()),
            failed=lambda: self.process.poll() not in (None, 0),
        )

    def last(self, number: int) -> str:
        own = [line.split(" ", 1)[1] for line in self.lines() if line.startswith(f"{number} ")]
        return next((text for text in reversed(own) if not text.startswith("threads")), "")


@contextmanager
def web_processes(home: Path, database: str, issuer: str) -> Iterator[WebProcesses]:
    (home / "airflow.cfg").touch()
    environ = {
        "PATH": "/usr/bin:/bin",
        **gc_threshold(),
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__FERNET_KEY": FERNET_KEY,
        "AIRFLOW__API__SECRET_KEY": SECRET_KEY,
        "AIRFLOW__API_AUTH__JWT_SECRET": SECRET_KEY,
        "AIRFLOW__WEBSERVER__SECRET_KEY": SECRET_KEY,
        **database_environ(database),
        **variables(login_options(issuer)),
    }
    output = home / "output"
    words = [sys.executable, "-m", "testing.identity.web_processes", "vera"]
    with output.open("w") as file:
        process = subprocess.Popen(
            words, cwd=CHECKOUT, env=environ, stdout=file, stderr=file, text=True, start_new_session=True
        )
        try:
            yield WebProcesses(process, output)
        finally:
            with suppress(ProcessLookupError):  # all have ended
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_forked_processes_share_a_session(
    tmp_path: Path, server: Postgres, migrated: str, provider: LoginProvider
) -> None:
    database = server.create("identity_processes", template=migrated)
    with web_processes(tmp_path, database, provider.issuer) as web:
        web.wait_for("Viewer")
        renewals = provider.count("/token")
        wait_until(lambda: provider.count("/token") > renewals + 3)
        provider.users["vera"]["groups"] = ["airflow-admins"]
        web.wait_for("Admin")
        provider.remove_user("vera")
        web.wait_for("provider")
        assert web.process.wait(300) == 0, web.lines()
        changes = [line for line in web.lines() if line[0].isdigit() and "threads" not in line]
    # Nobody was thrown out in between: no refresh token was used twice.
    assert sorted(changes) == sorted(
        f"{number} {text}" for number in ALL for text in ("Viewer", "Admin", "provider")
    )
    assert len([line for line in web.lines() if "threads" in line]) == CHILDREN
    rows = server.sql("identity_processes", "SELECT event, owner, extra FROM log ORDER BY dttm, id")
    assert rows[:2] == [
        ("identity_login", "vera", "login: Viewer"),
        ("identity_role_change", "vera", "Viewer became Admin"),
    ]
    assert [(event, owner) for event, owner, _ in rows[2:]] == [("identity_logout", "vera")]
