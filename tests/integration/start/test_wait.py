"""The start waits for what the component needs, and only for that."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT, ENTRYPOINT, begin, environment, start
from testing.installed_line import LINE

PASSWORD = "s3cr3t-p4ss"
QUICK = {"CONNECTION_CHECK_MAX_COUNT": "2", "CONNECTION_CHECK_SLEEP_TIME": "0.2"}


@pytest.fixture
def component(tmp_path: Path) -> dict[str, str]:
    """Put a program called airflow first on PATH that only says that it was started: nothing but the wait is tested."""
    program = tmp_path / "bin" / "airflow"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\necho started "$@"\n')
    program.chmod(0o755)
    return {"PATH": f"{program.parent}:{environment(tmp_path)['PATH']}"}


@pytest.fixture
def port() -> int:
    """Return a port of the loopback address where nothing listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def listening() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def database(port: int) -> str:
    return f"postgresql+psycopg2://airflow:{PASSWORD}@127.0.0.1:{port}/airflow"


def broker(port: int) -> str:
    return f"redis://:{PASSWORD}@127.0.0.1:{port}/0"


def test_it_gives_up_with_75_and_the_last_error(tmp_path: Path, component: dict[str, str], port: int) -> None:
    done = start(
        tmp_path,
        "scheduler",
        environ={**component, **QUICK, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port)},
    )
    assert done.returncode == 75
    assert (
        done.stderr.count(f"waiting for the metadata database at 127.0.0.1:{port}: Connection refused") == 1
    )
    assert f"gave up on the metadata database at 127.0.0.1:{port} after" in done.stderr
    assert "started" not in done.stdout
    assert PASSWORD not in done.stderr


def test_it_starts_as_soon_as_the_database_takes_connections(
    tmp_path: Path, component: dict[str, str], port: int
) -> None:
    (tmp_path / "airflow.cfg").write_text(f"[database]\nsql_alchemy_conn = {database(port)}\n")
    with begin(tmp_path, "scheduler", environ=component) as process:
        assert process.stderr
        assert process.stdout
        while "waiting" not in process.stderr.readline():
            assert process.poll() is None
        with socket.create_server(("127.0.0.1", port)):
            assert process.stdout.read() == "started scheduler\n"
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("words", "executor", "waits_for"),
    [
        (("scheduler",), "CeleryExecutor", {"database", "broker"}),
        (("airflow", "scheduler"), "LocalExecutor,CeleryExecutor", {"database", "broker"}),
        (("scheduler",), "LocalExecutor", {"database"}),
        (("api-server",), "CeleryExecutor", {"database"}),
        (("dag-processor",), "CeleryExecutor", {"database"}),
        (("triggerer",), "CeleryExecutor", {"database"}),
        (("db", "migrate"), "CeleryExecutor", {"database"}),
        (("celery", "worker"), "CeleryExecutor", {"3.3": {"broker"}, "2.11": {"broker", "database"}}[LINE]),
        (("celery", "flower"), "CeleryExecutor", {"broker"}),
        (("webserver",), "CeleryExecutor", {"database"}),
        (("celery", "worker", "--help"), "CeleryExecutor", set()),
        (("db", "check"), "CeleryExecutor", set()),
        (("version",), "CeleryExecutor", set()),
        (("jobs", "check", "--local"), "CeleryExecutor", set()),
        (("tasks", "run", "a", "b", "c"), "CeleryExecutor", set()),
        (("bash", "-c", "echo started"), "CeleryExecutor", set()),
        (("python", "-c", "print('started')"), "CeleryExecutor", set()),
    ],
)
def test_each_component_waits_for_what_it_needs(
    tmp_path: Path,
    component: dict[str, str],
    port: int,
    listening: int,
    words: tuple[str, ...],
    executor: str,
    waits_for: set[str],
) -> None:
    """With the other server there, the one that is away tells whether it is waited for."""
    for away in ("database", "broker"):
        there = {"database": listening, "broker": listening, away: port}
        urls = {
            "AIRFLOW__CORE__EXECUTOR": executor,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(there["database"]),
            "AIRFLOW__CELERY__BROKER_URL": broker(there["broker"]),
        }
        done = start(tmp_path, *words, environ={**component, **QUICK, **urls})
        assert (done.returncode, "started" in done.stdout) == (
            (75, False) if away in waits_for else (0, True)
        ), away
        assert PASSWORD not in done.stderr


def test_a_count_of_0_is_no_wait(tmp_path: Path, component: dict[str, str], port: int) -> None:
    told = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port), "CONNECTION_CHECK_MAX_COUNT": "0"}
    assert start(tmp_path, "scheduler", environ={**component, **told}).stdout == "started scheduler\n"


@pytest.mark.parametrize(("words", "code"), [(("bash", "-c", "echo started"), 75), (("jobs", "check"), 0)])
def test_a_migration_that_is_asked_for_waits_before_any_command_but_a_probe(
    tmp_path: Path, component: dict[str, str], port: int, words: tuple[str, ...], code: int
) -> None:
    told = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port), "_AIRFLOW_DB_MIGRATE": "true"}
    assert start(tmp_path, *words, environ={**component, **QUICK, **told}).returncode == code


def test_sqlite_needs_no_wait(tmp_path: Path, component: dict[str, str]) -> None:
    done = start(tmp_path, "scheduler", environ=component)
    assert done.stdout == "started scheduler\n"
    assert "waiting" not in done.stderr


@pytest.mark.parametrize("how", ["environment", "airflow.cfg"])
def test_the_url_may_come_from_a_command(
    tmp_path: Path, component: dict[str, str], port: int, how: str
) -> None:
    command = f"echo {database(port)}"
    environ = {**component, **QUICK}
    if how == "environment":
        environ["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD"] = command
    else:
        (tmp_path / "airflow.cfg").write_text(f"[database]\nsql_alchemy_conn_cmd = {command}\n")
    done = start(tmp_path, "scheduler", environ=environ)
    assert done.returncode == 75
    assert f"127.0.0.1:{port}" in done.stderr
    assert PASSWORD not in done.stderr


@pytest.mark.parametrize(
    ("command", "said"),
    [("sh -c 'echo oops; exit 3'", "ended with exit code 3"), ("/no/such/program", "No such file")],
)
def test_a_command_that_fails_stops_the_start(
    tmp_path: Path, component: dict[str, str], command: str, said: str
) -> None:
    done = start(
        tmp_path, "scheduler", environ={**component, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD": command}
    )
    assert done.returncode == 78
    assert said in done.stderr
    assert "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_CMD" in done.stderr
    assert "started" not in done.stdout


def test_where_only_the_secrets_backend_knows_the_url_one_line_says_so(
    tmp_path: Path, component: dict[str, str]
) -> None:
    told = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_SECRET": "path/in/the/backend"}
    done = start(tmp_path, "scheduler", environ={**component, **told})
    assert done.stdout == "started scheduler\n"
    assert done.stderr.count("not waiting for the metadata database: only the secrets backend knows it") == 1


def test_one_of_several_hosts_is_enough(
    tmp_path: Path, component: dict[str, str], port: int, listening: int
) -> None:
    url = f"postgresql://airflow@127.0.0.1:{port},127.0.0.1:{listening}/airflow"
    done = start(
        tmp_path, "scheduler", environ={**component, **QUICK, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    )
    assert done.stdout == "started scheduler\n"


def test_a_unix_socket_counts(tmp_path: Path, component: dict[str, str]) -> None:
    told = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql://airflow@/airflow?host={tmp_path}"}
    assert start(tmp_path, "scheduler", environ={**component, **QUICK, **told}).returncode == 75
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / ".s.PGSQL.5432"))
        server.listen()
        assert (
            start(tmp_path, "scheduler", environ={**component, **QUICK, **told}).stdout
            == "started scheduler\n"
        )


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CONNECTION_CHECK_MAX_COUNT", "abc"),
        ("CONNECTION_CHECK_MAX_COUNT", "1.5"),
        ("CONNECTION_CHECK_SLEEP_TIME", "-1"),
    ],
)
def test_patience_that_cannot_work_stops_the_start(
    tmp_path: Path, component: dict[str, str], variable: str, value: str
) -> None:
    done = start(tmp_path, "scheduler", environ={**component, variable: value})
    assert done.returncode == 78
    assert f"{variable} holds {value!r}; it must be" in done.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_while_it_waits_ends_it_quietly(
    tmp_path: Path, component: dict[str, str], port: int, number: signal.Signals
) -> None:
    told = {**component, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port)}
    with begin(tmp_path, "scheduler", environ=told) as process:
        assert process.stderr
        while "waiting" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == -number


def test_as_pid_1_it_hears_sigterm_while_it_waits(
    tmp_path: Path, component: dict[str, str], port: int
) -> None:
    """The kernel drops a signal for PID 1 that has no handler; `docker stop` would hang for its whole grace."""
    told = environment(tmp_path, {**component, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port)})
    words = ["unshare", "--pid", "--fork", *ENTRYPOINT, "scheduler"]
    with subprocess.Popen(words, env=told, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) as unshare:
        assert unshare.stderr
        while "waiting" not in unshare.stderr.readline():
            assert unshare.poll() is None
        (child,) = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
    assert unshare.returncode == 128 + signal.SIGTERM


def test_a_server_that_takes_no_connection_does_not_hold_the_wait_up(
    tmp_path: Path, component: dict[str, str]
) -> None:
    """A full backlog drops connections in silence, as a firewall does."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        full = [socket.socket() for _ in range(4)]
        for one in full:
            one.setblocking(False)
            one.connect_ex(server.getsockname())
        told = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(server.getsockname()[1])}
        ended: list[int] = []
        thread = threading.Thread(
            target=lambda: ended.append(
                start(tmp_path, "scheduler", environ={**component, **QUICK, **told}).returncode
            )
        )
        thread.start()
        thread.join(60)
        for one in full:
            one.close()
    assert ended == [75]
