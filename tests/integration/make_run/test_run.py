"""The real `make run`: from an empty folder to a login, the second run, and every way in which it ends."""

from __future__ import annotations

import os
import pty
import signal
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil  # type: ignore[import-untyped]
import pytest

from dev.run import login
from dev.run.health import HEARTBEATS
from dev.run.profiles import PROFILE
from testing.installed_line import LINE
from testing.make_run import MakeRun, command_line, make_run
from testing.progress import announce
from testing.rest_api import API, TIMEOUT
from testing.servers import free_port
from testing.waiting import wait_until

# A task that ignores SIGTERM and starts a process that outlives it.
STUBBORN = """
from airflow.providers.common.compat.sdk import DAG, task

with DAG("stubborn", schedule=None):
    @task.bash
    def wait():
        return "trap '' TERM; nohup sleep 601 & sleep 602; sleep 603"
    wait()
"""
# Stops in the middle of the tables, until it is ended.
HELD = "the migration is held"
HELD_MIGRATION = f"""
import time
from sqlalchemy import event
from sqlalchemy.engine import Engine

@event.listens_for(Engine, "before_cursor_execute")
def hold(connection, cursor, statement, *others):
    if "CREATE TABLE dag_run " in statement:
        print("{HELD}", flush=True)
        time.sleep(3600)
"""
STEP_LOGS = {"3.3": ["migration.log"], "2.11": ["migration.log", "user.log"]}[LINE]
PASSWORD_FILE = {"3.3": login.SIMPLE_PASSWORDS_FILE, "2.11": login.FAB_PASSWORD_FILE}[LINE]
# Airflow's own files, without secrets.
PUBLIC = {"3.3": set(), "2.11": {"airflow-webserver.pid", "webserver_config.py"}}[LINE]


@dataclass(frozen=True)
class StoppedRun:
    """A run that SIGTERM has ended."""

    run: MakeRun
    exit_code: int
    left_behind: list[str]
    logs: str

    @property
    def home(self) -> Path:
        return self.run.home


@pytest.fixture(scope="module")
def stopped(pytestconfig: pytest.Config, tmp_path_factory: pytest.TempPathFactory) -> StoppedRun:
    """The first run in an AIRFLOW_HOME with a space in its name; SIGTERM came while a stubborn task was running."""
    announce(pytestconfig, "a `make run` with a stubborn task")
    home = tmp_path_factory.mktemp("run") / "some where"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "stubborn.py").write_text(STUBBORN)
    with make_run(home, free_port()) as run:
        run.wait_for("Stop: Ctrl-C")
        with run.client() as client:
            wait_until(lambda: client.get("/dags/stubborn").status_code == 200)
            client.patch("/dags/stubborn", json={"is_paused": False}).raise_for_status()
            client.post("/dags/stubborn/dagRuns", json=API.run).raise_for_status()
        wait_until(
            lambda: {"sleep 601", "sleep 602"} <= {command_line(process) for process in run.processes()}
        )
        run.process.terminate()
        exit_code, left_behind = run.wait(), run.left_behind()
        logs = "".join(log.read_text() for log in Path(run.fact("Logs")).iterdir())
    return StoppedRun(run, exit_code, left_behind, logs)


def test_sigterm_to_make_leaves_nothing_behind(stopped: StoppedRun) -> None:
    assert stopped.exit_code == -signal.SIGTERM
    assert stopped.left_behind == []
    assert f"stopped; the data is kept in {stopped.home}" in stopped.run.output


def test_password_of_the_first_run_is_in_no_log(stopped: StoppedRun) -> None:
    assert stopped.run.fact("Password") not in stopped.logs


@pytest.fixture(scope="class")
def run(stopped: StoppedRun) -> Iterator[MakeRun]:
    """A second run in the AIRFLOW_HOME of the first one."""
    with make_run(stopped.home, free_port()) as run:
        run.wait_for("Stop: Ctrl-C")
        yield run


class TestSecondRun:
    """A class, so that the run has ended when other tests use its AIRFLOW_HOME."""

    def test_data_and_password_are_kept(self, run: MakeRun, stopped: StoppedRun) -> None:
        assert run.fact("Password") == stopped.run.fact("Password")
        with run.client() as client:
            assert client.get("/dags/stubborn/dagRuns").json()["total_entries"] == 1

    def test_start_block_has_all_that_a_newcomer_needs(self, run: MakeRun) -> None:
        assert run.fact("URL") == run.url
        assert run.fact("User") == "admin"
        assert len(run.fact("Password")) >= 16
        assert run.fact("Data") == str(run.home)
        assert sorted(log.name for log in Path(run.fact("Logs")).iterdir()) == sorted(
            [*STEP_LOGS, *(f"{component}.log" for component in PROFILE.components)]
        )

    def test_every_component_is_healthy(self, run: MakeRun) -> None:
        names = ["metadatabase", *(component.replace("-", "_") for component in HEARTBEATS)]

        def statuses() -> set[str]:
            health = httpx.get(run.url + PROFILE.health, timeout=TIMEOUT).json()
            return {health[name]["status"] for name in names}

        # On a busy machine a heartbeat may come late; it comes.
        assert wait_until(lambda: statuses() == {"healthy"}, lambda: str(statuses()))

    def test_only_the_printed_password_logs_in(self, run: MakeRun) -> None:
        with run.client() as client:
            assert client.get("/dags").status_code == 200
        with pytest.raises(httpx.HTTPStatusError, match=r"40[13] "):
            API.log_in(run.url, API.path, "admin", "admin")

    def test_password_is_in_no_arguments_and_no_log(self, run: MakeRun) -> None:
        password = run.fact("Password")
        assert not any(password in command_line(process) for process in run.processes())
        assert not any(password in log.read_text() for log in Path(run.fact("Logs")).iterdir())

    def test_files_are_private(self, run: MakeRun) -> None:
        modes: dict[str, int] = {}
        for path in run.home.iterdir():
            with suppress(FileNotFoundError):  # SQLite's journal comes and goes
                modes[path.name] = path.stat().st_mode
        files = {name: stat.S_IMODE(mode) for name, mode in modes.items() if stat.S_ISREG(mode)}
        assert {"airflow.cfg", "airflow.db", PASSWORD_FILE} <= files.keys()
        assert {name for name, mode in files.items() if mode == 0o600} == files.keys() - PUBLIC

    def test_only_this_machine_can_connect(self, run: MakeRun) -> None:
        connections: list[Any] = []
        for process in run.processes():
            with suppress(psutil.NoSuchProcess):  # Airflow's short-lived ones come and go
                connections += process.net_connections("tcp") if process.is_running() else []
        listening = {connection.laddr.ip for connection in connections if connection.status == "LISTEN"}
        assert listening == {"127.0.0.1"}

    def test_components_run_under_the_runtime(self, run: MakeRun) -> None:
        log = Path(run.fact("Logs"), "scheduler.log").read_text()
        assert "astro-runtime: AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY=512" in log

    def test_second_run_on_the_same_home_is_rejected(self, run: MakeRun) -> None:
        with make_run(run.home, free_port()) as second:
            assert second.wait() == 2
        owner = f"another `make run` (process {run.supervisor().pid}) is using AIRFLOW_HOME {run.home}"
        assert owner in second.output
        assert run.process.poll() is None

    def test_port_in_use_is_an_error_before_anything_is_started(self, run: MakeRun, tmp_path: Path) -> None:
        port = int(run.url.rpartition(":")[2].rstrip("/"))
        with make_run(tmp_path / "home", port) as second:
            assert second.wait() == 2
        assert f"port {port} cannot be used" in second.output
        assert f"make run PORT={port + 1}" in second.output
        assert not (tmp_path / "home" / "airflow.cfg").exists()


def test_dead_component_is_named(stopped: StoppedRun) -> None:
    with make_run(stopped.home, free_port()) as run:
        run.wait_for_components()
        run.component("scheduler").kill()
        assert run.wait() == 2
        assert "scheduler ended with signal SIGKILL" in run.output
        assert "Traceback" not in run.output
        assert run.left_behind() == []


def test_run_after_a_stop_during_the_migration_succeeds(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    settings, log = home / "config" / "airflow_local_settings.py", home / "logs/runtime/migration.log"
    settings.parent.mkdir(parents=True)
    settings.write_text(HELD_MIGRATION)
    with make_run(home, port) as first:
        first.wait_for("migrating the metadata database")
        wait_until(lambda: log.exists() and HELD in log.read_text())
        assert "Performing upgrade" in log.read_text()
        first.process.terminate()
        assert first.wait() == -signal.SIGTERM
        assert first.left_behind() == []
        assert "starting" not in first.output
    settings.unlink()
    with make_run(home, port) as second:
        second.wait_for("Stop: Ctrl-C")
        os.killpg(second.process.pid, signal.SIGINT)
        second.wait()
        assert second.left_behind() == []
        assert "Traceback" not in second.output


def test_second_ctrl_c_leaves_no_orphans(stopped: StoppedRun) -> None:
    with make_run(stopped.home, free_port()) as run:
        run.wait_for_components()
        os.killpg(run.process.pid, signal.SIGINT)
        run.wait_for("stopping")
        os.killpg(run.process.pid, signal.SIGINT)
        run.wait()
        assert run.left_behind() == []
        assert "Traceback" not in run.output


def test_closed_terminal_leaves_nothing_behind(stopped: StoppedRun) -> None:
    """With make as the leader of its session, as under `ssh -t`: it keeps the SIGHUP to itself."""
    master, terminal = pty.openpty()
    with make_run(stopped.home, free_port(), stderr=terminal) as run:
        os.close(terminal)
        run.wait_for_components()
        os.close(master)
        run.wait()
        assert run.left_behind() == []


@pytest.mark.parametrize("victim", ["make", "supervisor"])
def test_components_end_with_a_killed_parent(stopped: StoppedRun, victim: str) -> None:
    with make_run(stopped.home, free_port()) as run:
        run.wait_for_components()
        (run.process if victim == "make" else run.supervisor()).kill()
        wait_until(lambda: not run.left_behind())
        assert run.wait() == (-signal.SIGKILL if victim == "make" else 2)


@pytest.mark.parametrize("text", ["abc", "0", "70000", "-1", "8080.5"])
def test_invalid_port_is_an_error(tmp_path: Path, text: str) -> None:
    with make_run(tmp_path / "home", text) as run:
        assert run.wait() == 2
    assert f"PORT holds '{text}'; it must be a whole number from 1 to 65535" in run.output
    assert "Traceback" not in run.output
    assert not (tmp_path / "home").exists()


def test_unwritable_home_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with make_run(tmp_path / "file" / "home", free_port()) as run:
        assert run.wait() == 2
    assert f"AIRFLOW_HOME holds '{tmp_path}/file/home'; it must be a folder that can be written" in run.output
    assert "Traceback" not in run.output


def test_existing_airflow_cfg_is_respected(tmp_path: Path) -> None:
    """It names a database that cannot exist: the migration fails and says why."""
    home = tmp_path / "home"
    home.mkdir()
    text = "[database]\nsql_alchemy_conn = sqlite:////nowhere/airflow.db\n"
    (home / "airflow.cfg").write_text(text)
    with make_run(home, free_port()) as run:
        assert run.wait() == 2
        assert run.left_behind() == []
    assert "migration ended with exit code 1" in run.output
    assert "unable to open database file" in run.output
    assert (home / "airflow.cfg").read_text() == text
