"""The real `make run`: from nothing to a login, the second run, and every way in which it ends."""

from __future__ import annotations

import os
import pty
import signal
import stat
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from dev import login
from dev.lines import HERE
from testing.installed_line import LINE
from testing.make_run import Making, making, until
from testing.rest_api import API
from testing.servers import free_port

# A task that hears no SIGTERM, and that starts what outlives it.
STUBBORN = """
from airflow.providers.common.compat.sdk import DAG, task

with DAG("stubborn", schedule=None):
    @task.bash
    def wait():
        return "trap '' TERM; nohup sleep 601 & touch {mark}; sleep 602; sleep 603"
    wait()
"""
PREPARING = {"3.3": ["migration.log"], "2.11": ["migration.log", "user.log"]}[LINE]
PASSWORDS = {"3.3": login.PASSWORDS, "2.11": login.FAB_PASSWORD}[LINE]
PUBLIC = {"3.3": set(), "2.11": {"airflow-webserver.pid", "webserver_config.py"}}[
    LINE
]  # Airflow's will, no secrets


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with blanks, with a DAG in it."""
    home = tmp_path_factory.mktemp("run") / "some where"
    (home / "dags").mkdir(parents=True)
    (home / "dags" / "stubborn.py").write_text(STUBBORN.format(mark=f"'{home.parent}/mark'"))
    return home


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def run(home: Path, port: int) -> Iterator[Making]:
    """The first run."""
    with making(home, port) as run:
        run.until("Stop: Ctrl-C")
        yield run


def test_the_block_says_what_a_newcomer_needs(run: Making, home: Path, port: int) -> None:
    assert run.line("URL") == f"http://localhost:{port}/"
    assert run.line("User") == "admin"
    assert len(run.line("Password")) >= 16
    assert run.line("Data") == str(home)
    assert sorted(log.name for log in Path(run.line("Logs")).iterdir()) == sorted(
        [*PREPARING, *(f"{component}.log" for component in HERE.components)]
    )


def test_every_component_is_healthy_when_the_block_is_shown(run: Making) -> None:
    health = httpx.get(run.url + HERE.health).json()
    assert {health[one]["status"] for one in ("metadatabase", *HERE.heartbeats)} == {"healthy"}


def test_the_password_logs_in_and_another_one_does_not(run: Making) -> None:
    with run.client() as client:
        assert client.get("/dags").status_code == 200
    with pytest.raises(httpx.HTTPStatusError, match=r"40[13] "):
        API.log_in(run.url, API.path, "admin", "admin")


def test_the_password_stands_in_no_arguments_and_no_log(run: Making) -> None:
    password = run.line("Password")
    assert not any(password in " ".join(one.cmdline()) for one in run.look() if one.is_running())
    assert not any(password in log.read_text() for log in Path(run.line("Logs")).iterdir())


def test_what_is_kept_is_private(run: Making, home: Path) -> None:
    files = [path for path in home.iterdir() if path.is_file()]
    assert {"airflow.cfg", "airflow.db", PASSWORDS} <= {path.name for path in files}
    private = {path.name for path in files if stat.S_IMODE(path.stat().st_mode) == 0o600}
    assert private == {path.name for path in files} - PUBLIC


def test_only_this_machine_can_connect(run: Making) -> None:
    listening = {
        connection.laddr.ip
        for process in run.look()
        if process.is_running()
        for connection in process.net_connections("tcp")
        if connection.status == "LISTEN"
    }
    assert listening == {"127.0.0.1"}


def test_the_components_run_under_the_runtime(run: Making) -> None:
    log = Path(run.line("Logs"), "scheduler.log").read_text()
    assert "astro-runtime: AIRFLOW__SCHEDULER__MAX_TIS_PER_QUERY=512" in log


def test_a_second_run_on_the_same_home_says_so(run: Making, home: Path) -> None:
    with making(home, free_port()) as second:
        assert second.ended() == 2
    assert f"another `make run` (process {run.supervisor().pid}) has AIRFLOW_HOME {home}" in second.said
    assert run.process.poll() is None


def test_a_port_in_use_is_an_error_before_anything_is_started(run: Making, port: int, tmp_path: Path) -> None:
    with making(tmp_path / "home", port) as second:
        assert second.ended() == 2
    assert f"port {port} cannot be used" in second.said
    assert f"make run PORT={port + 1}" in second.said
    assert not (tmp_path / "home" / "airflow.cfg").exists()


def test_sigterm_to_make_leaves_nothing_behind(run: Making, home: Path) -> None:
    """Also of a task that hears no SIGTERM. The last test of the first run."""
    with run.client() as client:
        until(lambda: client.get("/dags/stubborn").status_code == 200)
        client.patch("/dags/stubborn", json={"is_paused": False}).raise_for_status()
        client.post("/dags/stubborn/dagRuns", json=API.run).raise_for_status()
    until((home.parent / "mark").exists)
    assert {"sleep 601", "sleep 602"} <= {" ".join(one.cmdline()) for one in run.look() if one.is_running()}
    run.process.terminate()
    assert run.ended() == -signal.SIGTERM
    assert run.left() == []
    assert f"stopped; the data is kept in {home}" in run.said


def test_a_second_run_keeps_the_data_and_names_the_component_that_dies(
    run: Making, home: Path, port: int
) -> None:
    password = run.line("Password")
    with making(home, port) as second:
        second.until("Stop: Ctrl-C")
        assert second.line("Password") == password
        assert "migrating" not in second.said
        with second.client() as client:
            assert client.get("/dags/stubborn/dagRuns").json()["total_entries"] == 1
        second.component("scheduler").kill()
        assert second.ended() == 2
        assert "scheduler ended with signal SIGKILL" in second.said
        assert "Traceback" not in second.said
        assert second.left() == []


def test_a_stop_during_the_migration_can_be_taken_up_again(tmp_path: Path) -> None:
    home, port = tmp_path / "home", free_port()
    with making(home, port) as first:
        first.until("migrating the metadata database")
        until(lambda: "Performing upgrade" in (home / "logs/runtime/migration.log").read_text())
        first.process.terminate()
        assert first.ended() == -signal.SIGTERM
        assert first.left() == []
        assert "starting" not in first.said
    with making(home, port) as second:
        second.until("Stop: Ctrl-C")
        os.killpg(second.process.pid, signal.SIGINT)
        second.ended()
        assert second.left() == []
        assert "Traceback" not in second.said


def test_a_second_ctrl_c_leaves_no_orphans(home: Path, port: int) -> None:
    with making(home, port) as run:
        run.until("starting scheduler")
        until(run.all_started)
        os.killpg(run.process.pid, signal.SIGINT)
        run.until("stopping")
        os.killpg(run.process.pid, signal.SIGINT)
        run.ended()
        assert run.left() == []
        assert "Traceback" not in run.said


def test_a_terminal_that_is_closed_leaves_nothing_behind(home: Path, port: int) -> None:
    """With make as the leader of its session, as under `ssh -t`: it keeps the SIGHUP to itself."""
    master, terminal = pty.openpty()
    with making(home, port, stderr=terminal) as run:
        os.close(terminal)
        until(run.all_started)
        os.close(master)
        run.ended()
        assert run.left() == []


@pytest.mark.parametrize("victim", ["make", "supervisor"])
def test_the_components_follow_a_parent_that_is_killed(home: Path, port: int, victim: str) -> None:
    with making(home, port) as run:
        run.until("starting scheduler")
        until(run.all_started)
        (run.process if victim == "make" else run.supervisor()).kill()
        until(lambda: not run.left(), 20)
        assert run.ended() == (-signal.SIGKILL if victim == "make" else 2)


@pytest.mark.parametrize("text", ["abc", "0", "70000", "-1", "8080.5"])
def test_a_port_that_is_none(tmp_path: Path, text: str) -> None:
    with making(tmp_path / "home", text) as run:
        assert run.ended() == 2
    assert f"PORT holds '{text}'; it must be a whole number from 1 to 65535" in run.said
    assert "Traceback" not in run.said
    assert not (tmp_path / "home").exists()


def test_a_home_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with making(tmp_path / "file" / "home", free_port()) as run:
        assert run.ended() == 2
    assert f"AIRFLOW_HOME holds '{tmp_path}/file/home'; it must be a folder that can be written" in run.said
    assert "Traceback" not in run.said


def test_an_airflow_cfg_of_the_operators_own_is_respected(tmp_path: Path) -> None:
    """Here it names a database that cannot be: the migration fails, and says why."""
    home = tmp_path / "home"
    home.mkdir()
    own = "[database]\nsql_alchemy_conn = sqlite:////nowhere/airflow.db\n"
    (home / "airflow.cfg").write_text(own)
    with making(home, free_port()) as run:
        assert run.ended() == 2
        assert run.left() == []
    assert "migration ended with exit code 1" in run.said
    assert "unable to open database file" in run.said
    assert (home / "airflow.cfg").read_text() == own
