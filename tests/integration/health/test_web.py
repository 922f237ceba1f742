"""The health check of web components, asked of real HTTP servers; and the check as Docker runs it."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from astro_runtime_plugin.health.__main__ import problem
from testing.database_setup import database_environ
from testing.entrypoint_process import environment
from testing.health_check import CERTIFICATE, HEALTHY, PASSWORD, PATH, PORT, SECTION, WEB, checked, run, web
from testing.installed_line import LINE
from testing.servers import free_port

# The container in small: a first process with the init's words, and in it the health check as Docker runs it.
CONTAINER = """
import subprocess, sys
sys.exit(subprocess.run([sys.executable, "-I", "-m", "astro_runtime_plugin.health"]).returncode)
"""


@pytest.mark.parametrize("how", ["-p", "-p8080", "--port", "--port=", "environment", "airflow.cfg"])
def test_a_web_component_is_found_at_its_port(tmp_path: Path, how: str) -> None:
    with web() as port:
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


def test_a_web_component_is_found_under_its_base_url(tmp_path: Path) -> None:
    told = environment(tmp_path, {f"AIRFLOW__{SECTION}__BASE_URL": "https://there.example/some/where/"})
    with web(path=f"/some/where{PATH}") as port:
        assert problem(told, (WEB, "-p", port)) is None


def test_a_web_component_is_found_behind_its_own_certificate(tmp_path: Path) -> None:
    """The certificate names another host, and nobody has signed it but itself."""
    cert = tmp_path / "cert.pem"
    making = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=there.example"
    )
    subprocess.run([*making.split(), "-keyout", cert, "-out", cert], check=True, capture_output=True)
    told = {f"AIRFLOW__{SECTION}__{CERTIFICATE}": str(cert)}
    with web(cert=cert) as port:
        assert problem(environment(tmp_path, told), (WEB, "-p", port)) is None
        assert problem(environment(tmp_path), (WEB, "-p", port, "--ssl-cert", str(cert))) is None
        assert "does not answer" in str(problem(environment(tmp_path), (WEB, "-p", port)))


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        ({"metadatabase": {"status": "unhealthy"}}, 200, "it says that the metadata database is unhealthy"),
        ({"metadatabase": {"status": None}}, 200, "it says that the metadata database is not known"),
        ({}, 200, "it says that the metadata database is not known"),
        ([HEALTHY], 200, "answers with something else than Airflow's health"),
        (b"<html>", 200, "answers with something else than Airflow's health"),
        (b"\xff\xfe", 200, "answers with something else than Airflow's health"),
        (HEALTHY, 404, "answers with status 404"),
        (HEALTHY, 500, "answers with status 500"),
    ],
    ids=str,
)
def test_what_a_web_component_says_wrong(tmp_path: Path, body: object, status: int, said: str) -> None:
    with web(body, status=status) as port:
        assert str(problem(environment(tmp_path), (WEB, "-p", port))).endswith(said)


def test_a_web_component_that_does_not_answer(tmp_path: Path) -> None:
    port = free_port()
    found = problem(environment(tmp_path), (WEB, "-p", str(port)))
    assert found == f"http://127.0.0.1:{port}{PATH} does not answer: [Errno 111] Connection refused"


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"triggerer": {"status": "healthy"}, "dag_processor": {"status": None}}, None),
        ({"triggerer": {"status": "unhealthy"}}, "triggerer is unhealthy"),
        ({"metadatabase": {"status": "unhealthy"}}, "metadatabase is unhealthy"),
        ({"scheduler": {"status": None}}, "there is no scheduler"),
    ],
    ids=str,
)
def test_standalone_is_as_healthy_as_its_parts(tmp_path: Path, more: object, said: str | None) -> None:
    with web({**HEALTHY, **more}) as port:  # type: ignore[dict-item]
        told = environment(tmp_path, {f"AIRFLOW__{SECTION}__{PORT}": port})
        assert problem(told, ("standalone",)) == said


def test_flower_is_healthy_where_it_answers_and_asks_for_a_login(tmp_path: Path) -> None:
    for status, healthy in ((200, True), (401, True), (500, False)):
        with web(path="/flower", status=status) as port:
            words = ("celery", "flower", "-p", port, "--url-prefix", "/flower/")
            assert (problem(environment(tmp_path), words) is None) == healthy
    told = environment(tmp_path, {"AIRFLOW__CELERY__FLOWER_PORT": str(free_port())})
    assert "does not answer" in str(problem(told, ("celery", "flower")))


@pytest.mark.parametrize("words", [(), ("version",), ("kerberos",), ("celery",)], ids=str)
def test_what_has_no_check_is_healthy_while_it_runs(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert problem(environment(tmp_path), words) is None


def test_as_docker_runs_it_the_exit_code_and_one_line_tell(tmp_path: Path) -> None:
    init = ("unshare", "--pid", "--fork", "--mount-proc", sys.executable, "-c", CONTAINER)
    with web() as port:
        words = ("tini", "--", "/entrypoint", "bash", "-c", f"exec airflow {WEB} --port {port}")
        healthy = run(tmp_path, *init, *words, environ={})
    unhealthy = run(tmp_path, *init, *words, environ={})
    assert (healthy.returncode, healthy.stdout, healthy.stderr) == (0, "", "")
    assert (unhealthy.returncode, unhealthy.stdout.count("\n"), unhealthy.stderr) == (1, 1, "")
    assert f"127.0.0.1:{port}{PATH} does not answer" in unhealthy.stdout


def test_a_web_component_is_checked_without_anything_heavy(tmp_path: Path) -> None:
    told = database_environ(f"postgresql://me:{PASSWORD}@127.0.0.1:{free_port()}/airflow")
    with web() as port:
        found, packages = checked(tmp_path, WEB, "-p", port, environ=told)
    assert found == ""
    assert packages & {"airflow", "sqlalchemy", "celery"} == set()


def test_the_containers_proxy_is_not_asked_for_this_host(tmp_path: Path) -> None:
    with web() as port:
        told = {"http_proxy": f"http://127.0.0.1:{free_port()}"}
        assert checked(tmp_path, WEB, "-p", port, environ=told)[0] == ""


def test_the_old_name_of_the_base_url(tmp_path: Path) -> None:
    with web(path=f"/some/where{PATH}") as port:
        told = environment(tmp_path, {"AIRFLOW__WEBSERVER__BASE_URL": "https://there.example/some/where"})
        assert problem(told, (WEB, "-p", port)) is None


def test_a_server_that_listens_at_one_address(tmp_path: Path) -> None:
    with web() as port:
        there = ("--host" if LINE == "3.3" else "--hostname", "localhost")
        assert problem(environment(tmp_path), (WEB, "-p", port, *there)) is None
        assert "http://[::1]:" in str(problem(environment(tmp_path), (WEB, "-p", port, there[0], "::1")))


def test_an_answer_that_is_no_http(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=lambda: server.accept()[0].sendall(b"nonsense\n"), daemon=True).start()
        found = problem(environment(tmp_path), (WEB, "-p", str(server.getsockname()[1])))
    assert "does not answer" in str(found)
