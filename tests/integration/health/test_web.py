"""The health check of web components with real HTTP servers, and the check as Docker runs it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem, report
from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.health_check import (
    CERTIFICATE,
    HEALTHY,
    PASSWORD,
    PATH,
    PORT,
    SECTION,
    WEB,
    assert_quiet_check,
    health_server,
    run,
)
from testing.installed_line import LINE
from testing.servers import free_port

# A minimal container: a first process with the init's command line, which runs the health check as Docker does.
CONTAINER = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-I", "-m", "astro_runtime_plugin.health"]).returncode)
"""


@pytest.mark.parametrize("how", ["-p", "-p8080", "--port", "--port=", "environment", "airflow.cfg"])
def test_port_is_found_however_it_is_set(tmp_path: Path, how: str) -> None:
    with health_server() as port:
        words = {
            "-p": ["-p", port],
            "-p8080": [f"-p{port}"],
            "--port": ["--port", port],
            "--port=": [f"--port={port}"],
        }.get(how, [])
        environ = {f"AIRFLOW__{SECTION}__{PORT}": port} if how == "environment" else {}
        if how == "airflow.cfg":
            (tmp_path / "airflow.cfg").write_text(f"[{SECTION.lower()}]\n{PORT.lower()} = {port}\n")
        assert problem(environment(tmp_path, environ), (WEB, *words)) is None


def test_path_of_the_base_url_is_used(tmp_path: Path) -> None:
    environ = environment(tmp_path, {f"AIRFLOW__{SECTION}__BASE_URL": "https://there.example/some/where/"})
    with health_server(path=f"/some/where{PATH}") as port:
        assert problem(environ, (WEB, "-p", port)) is None


def test_self_signed_certificate_of_another_host_is_accepted(tmp_path: Path) -> None:
    """The certificate is for another host and self-signed."""
    cert = tmp_path / "cert.pem"
    openssl = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=there.example"
    )
    subprocess.run([*openssl.split(), "-keyout", cert, "-out", cert], check=True, capture_output=True)
    environ = {f"AIRFLOW__{SECTION}__{CERTIFICATE}": str(cert)}
    with health_server(cert=cert) as port:
        assert problem(environment(tmp_path, environ), (WEB, "-p", port)) is None
        assert problem(environment(tmp_path), (WEB, "-p", port, "--ssl-cert", str(cert))) is None
        assert "does not answer" in str(problem(environment(tmp_path), (WEB, "-p", port)))


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        (
            {"metadatabase": {"status": "unhealthy"}},
            200,
            "it reports that the metadata database is unhealthy",
        ),
        (
            {"metadatabase": {"status": None}},
            200,
            "it reports that the metadata database is in an unknown state",
        ),
        ({}, 200, "it reports that the metadata database is in an unknown state"),
        ([HEALTHY], 200, "answers with something other than Airflow's health"),
        (b"<html>", 200, "answers with something other than Airflow's health"),
        (b"\xff\xfe", 200, "answers with something other than Airflow's health"),
        (HEALTHY, 404, "answers with status 404"),
        (HEALTHY, 500, "answers with status 500"),
    ],
    ids=str,
)
def test_unhealthy_answer_is_reported(tmp_path: Path, body: object, status: int, message: str) -> None:
    with health_server(body, status=status) as port:
        assert str(problem(environment(tmp_path), (WEB, "-p", port))).endswith(message)


def test_missing_answer_is_reported(tmp_path: Path) -> None:
    port = free_port()
    message = problem(environment(tmp_path), (WEB, "-p", str(port)))
    assert message == f"http://127.0.0.1:{port}{PATH} does not answer: [Errno 111] Connection refused"


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        ({"triggerer": {"status": "healthy"}, "dag_processor": {"status": None}}, None),
        ({"triggerer": {"status": "unhealthy"}}, "triggerer is unhealthy"),
        ({"metadatabase": {"status": "unhealthy"}}, "metadatabase is unhealthy"),
        ({"scheduler": {"status": None}}, "there is no scheduler"),
    ],
    ids=str,
)
def test_standalone_is_as_healthy_as_its_parts(tmp_path: Path, parts: object, message: str | None) -> None:
    with health_server({**HEALTHY, **parts}) as port:  # type: ignore[dict-item]
        environ = environment(tmp_path, {f"AIRFLOW__{SECTION}__{PORT}": port})
        assert problem(environ, ("standalone",)) == message


def test_flower_is_healthy_if_it_answers_or_requires_a_login(tmp_path: Path) -> None:
    for status, healthy in ((200, True), (401, True), (500, False)):
        with health_server(path="/flower", status=status) as port:
            words = ("celery", "flower", "-p", port, "--url-prefix", "/flower/")
            assert (problem(environment(tmp_path), words) is None) == healthy
    environ = environment(tmp_path, {"AIRFLOW__CELERY__FLOWER_PORT": str(free_port())})
    assert "does not answer" in str(problem(environ, ("celery", "flower")))


@pytest.mark.parametrize("words", [(), ("version",), ("kerberos",), ("celery",)], ids=str)
def test_command_without_a_check_is_healthy(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert problem(environment(tmp_path), words) is None


def test_docker_gets_an_exit_code_and_one_line(tmp_path: Path) -> None:
    init = ("unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", CONTAINER)
    with health_server() as port:
        words = ("tini", "--", "/entrypoint", "bash", "-c", f"exec airflow {WEB} --port {port}")
        healthy = run(tmp_path, *init, *words, environ={})
    unhealthy = run(tmp_path, *init, *words, environ={})
    assert (healthy.returncode, healthy.stdout, healthy.stderr) == (0, "", "")
    assert (unhealthy.returncode, unhealthy.stdout.count("\n"), unhealthy.stderr) == (1, 1, "")
    assert f"127.0.0.1:{port}{PATH} does not answer" in unhealthy.stdout


def test_web_check_imports_no_heavy_package(tmp_path: Path) -> None:
    environ = database_environ(f"postgresql://me:{PASSWORD}@127.0.0.1:{free_port()}/airflow")
    with health_server() as port:
        message, packages = assert_quiet_check(tmp_path, WEB, "-p", port, environ=environ)
    assert message == ""
    assert packages & {"airflow", "sqlalchemy", "celery"} == set()


def test_proxy_is_not_used(tmp_path: Path) -> None:
    with health_server() as port:
        environ = {"http_proxy": f"http://127.0.0.1:{free_port()}"}
        assert assert_quiet_check(tmp_path, WEB, "-p", port, environ=environ)[0] == ""


def test_older_name_of_the_base_url_is_read(tmp_path: Path) -> None:
    with health_server(path=f"/some/where{PATH}") as port:
        environ = environment(tmp_path, {"AIRFLOW__WEBSERVER__BASE_URL": "https://there.example/some/where"})
        assert problem(environ, (WEB, "-p", port)) is None


def test_server_may_listen_on_one_address(tmp_path: Path) -> None:
    with health_server() as port:
        host = ("--host" if LINE == "3.3" else "--hostname", "localhost")
        assert problem(environment(tmp_path), (WEB, "-p", port, *host)) is None
        assert "http://[::1]:" in str(problem(environment(tmp_path), (WEB, "-p", port, host[0], "::1")))


def test_answer_that_is_not_http_is_reported(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].sendall(b"nonsense\n"), daemon=True).start()
        message = problem(environment(tmp_path), (WEB, "-p", str(server.getsockname()[1])))
    assert "does not answer" in str(message)


@pytest.mark.parametrize("status", [302, 308, 401, 403])
def test_server_that_answers_only_to_others_is_healthy(tmp_path: Path, status: int) -> None:
    """A plugin or a proxy may redirect, or demand a login, before Airflow gets the request."""
    with health_server(status=status) as port:
        healthy, message = report(environment(tmp_path), (WEB, "-p", port))
    assert healthy
    assert message == f"healthy, cannot tell: http://127.0.0.1:{port}{PATH} answers with status {status}"


def test_reason_for_unknown_health_is_in_the_output(tmp_path: Path) -> None:
    init = ("unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", CONTAINER)
    words = ("tini", "--", "/entrypoint", "bash", "-c", "exec airflow celery worker || airflow version")
    environ = {"AIRFLOW__CELERY__WORKER_ENABLE_REMOTE_CONTROL": "False  # off"}
    done = run(tmp_path, *init, *words, environ=environ)
    reason = "healthy, cannot tell: the worker cannot be queried: worker_enable_remote_control is off\n"
    assert (done.returncode, done.stdout, done.stderr) == (0, reason, "")
