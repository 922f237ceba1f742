"""The start waits for what the component needs, and for nothing else."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest

from testing.awaited_servers import ONCE, PASSWORD, PATIENT, QUICK, broker, database
from testing.entrypoint_process import CHECKOUT, ENTRYPOINT, begin, environment, start
from testing.fake_server import answering, fake_server, greeting
from testing.installed_line import LINE


def test_wait_gives_up_with_75_and_last_error(tmp_path: Path, component: dict[str, str], port: int) -> None:
    result = start(
        tmp_path,
        "scheduler",
        environ={**component, **QUICK, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port)},
    )
    assert result.returncode == 75
    assert (
        result.stderr.count(f"waiting for the metadata database at 127.0.0.1:{port}: Connection refused") == 1
    )
    assert f"gave up on the metadata database at 127.0.0.1:{port} after" in result.stderr
    assert "started" not in result.stdout
    assert PASSWORD not in result.stderr


def test_wait_ends_when_database_appears(tmp_path: Path, component: dict[str, str], port: int) -> None:
    (tmp_path / "airflow.cfg").write_text(f"[database]\nsql_alchemy_conn = {database(port)}\n")
    with begin(tmp_path, "scheduler", environ=component) as process:
        assert process.stderr
        assert process.stdout
        while "waiting" not in process.stderr.readline():
            assert process.poll() is None
        with fake_server(greeting(b"?\r\n"), port):
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
def test_component_waits_for_what_it_needs(
    tmp_path: Path,
    component: dict[str, str],
    port: int,
    listening: int,
    words: tuple[str, ...],
    executor: str,
    waits_for: set[str],
) -> None:
    """One server is missing at a time, so that the exit code shows whether the component waits for it."""
    for missing in ("database", "broker"):
        ports = {"database": listening, "broker": listening, missing: port}
        urls = {
            "AIRFLOW__CORE__EXECUTOR": executor,
            "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(ports["database"]),
            "AIRFLOW__CELERY__BROKER_URL": broker(ports["broker"]),
        }
        attempts, expected = (QUICK, (75, False)) if missing in waits_for else (PATIENT, (0, True))
        result = start(tmp_path, *words, environ={**component, **attempts, **urls})
        assert (result.returncode, "started" in result.stdout) == expected, missing
        assert PASSWORD not in result.stderr


def test_count_of_0_disables_wait(tmp_path: Path, component: dict[str, str], port: int) -> None:
    overrides = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port), "CONNECTION_CHECK_MAX_COUNT": "0"}
    assert start(tmp_path, "scheduler", environ={**component, **overrides}).stdout == "started scheduler\n"


@pytest.mark.parametrize(("words", "code"), [(("bash", "-c", "echo started"), 75), (("jobs", "check"), 0)])
def test_migration_waits_before_any_command_but_probe(
    tmp_path: Path, component: dict[str, str], port: int, words: tuple[str, ...], code: int
) -> None:
    overrides = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port), "_AIRFLOW_DB_MIGRATE": "true"}
    assert start(tmp_path, *words, environ={**component, **QUICK, **overrides}).returncode == code


def test_sqlite_needs_no_wait(tmp_path: Path, component: dict[str, str]) -> None:
    result = start(tmp_path, "scheduler", environ=component)
    assert result.stdout == "started scheduler\n"
    assert "waiting" not in result.stderr


def test_one_of_several_hosts_is_enough(
    tmp_path: Path, component: dict[str, str], port: int, listening: int
) -> None:
    url = f"postgresql://airflow@127.0.0.1:{port},127.0.0.1:{listening}/airflow"
    result = start(
        tmp_path, "scheduler", environ={**component, **PATIENT, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    )
    assert result.stdout == "started scheduler\n"


def test_unix_socket_is_awaited(tmp_path: Path, component: dict[str, str]) -> None:
    overrides = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql://airflow@/airflow?host={tmp_path}"}
    environ = {**component, **overrides}
    assert start(tmp_path, "scheduler", environ={**environ, **QUICK}).returncode == 75
    with fake_server(greeting(b"?\r\n"), path=tmp_path / ".s.PGSQL.5432"):
        result = start(tmp_path, "scheduler", environ={**environ, **PATIENT})
    assert result.stdout == "started scheduler\n"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CONNECTION_CHECK_MAX_COUNT", "abc"),
        ("CONNECTION_CHECK_MAX_COUNT", "1.5"),
        ("CONNECTION_CHECK_SLEEP_TIME", "-1"),
    ],
)
def test_bad_retry_policy_stops_start(
    tmp_path: Path, component: dict[str, str], variable: str, value: str
) -> None:
    result = start(tmp_path, "scheduler", environ={**component, variable: value})
    assert result.returncode == 78
    assert f"{variable} holds {value!r}; it must be" in result.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal_ends_wait_quietly(
    tmp_path: Path, component: dict[str, str], port: int, number: signal.Signals
) -> None:
    overrides = {**component, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port)}
    with begin(tmp_path, "scheduler", environ=overrides) as process:
        assert process.stderr
        while "waiting" not in process.stderr.readline():
            assert process.poll() is None
        process.send_signal(number)
        assert "Traceback" not in process.stderr.read()
    assert process.returncode == -number


def test_sigterm_ends_wait_as_pid_1(tmp_path: Path, component: dict[str, str], port: int) -> None:
    """The kernel drops a signal to PID 1 without a handler; `docker stop` would take its whole grace period."""
    environ = environment(tmp_path, {**component, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port)})
    words = ["unshare", "--pid", "--fork", *ENTRYPOINT, "scheduler"]
    with subprocess.Popen(words, env=environ, cwd=CHECKOUT, stderr=subprocess.PIPE, text=True) as unshare:
        assert unshare.stderr
        while "waiting" not in unshare.stderr.readline():
            assert unshare.poll() is None
        (child,) = Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children").read_text().split()
        os.kill(int(child), signal.SIGTERM)
    assert unshare.returncode == 128 + signal.SIGTERM


def test_silent_server_does_not_block_wait(tmp_path: Path, component: dict[str, str]) -> None:
    """A full backlog drops connections silently, like a firewall."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(0)
        clients = [socket.socket() for _ in range(4)]
        for client in clients:
            client.setblocking(False)
            client.connect_ex(server.getsockname())
        overrides = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(server.getsockname()[1])}
        result = start(tmp_path, "scheduler", environ={**component, **ONCE, **overrides})
        for client in clients:
            client.close()
    assert result.returncode == 75


def test_open_port_that_takes_no_login_ends_with_75(tmp_path: Path, component: dict[str, str]) -> None:
    """PostgreSQL in recovery: every login ends with 57P03."""
    error = b"SFATAL\0VFATAL\0C57P03\0Mthe database system is starting up\0\0"
    with fake_server(answering(b"N", b"E" + (len(error) + 4).to_bytes(4, "big") + error)) as port:
        overrides = {"AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database(port)}
        result = start(tmp_path, "scheduler", environ={**component, **QUICK, **overrides})
    assert result.returncode == 75
    assert "it is starting up, shutting down or recovering (SQLSTATE 57P03)" in result.stderr
    assert PASSWORD not in result.stderr


def test_unescaped_password_is_not_in_the_log(tmp_path: Path, component: dict[str, str], port: int) -> None:
    url = f"postgresql://airflow:a@localhost?{PASSWORD}@db:{port}/airflow"
    result = start(
        tmp_path, "scheduler", environ={**component, **QUICK, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": url}
    )
    assert "localhost" not in result.stderr
    assert PASSWORD not in result.stderr
