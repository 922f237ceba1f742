"""The Astro CLI's contract: what it builds, starts, requests and runs works with the image."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest
import yaml  # type: ignore[import-untyped]

from testing.docker_engine import PATIENCE, Container, assert_no_complaints, docker, once, run
from testing.expected_warnings import EXPECTED as AIRFLOW_WARNINGS
from testing.servers import free_port
from testing.waiting import wait_until
from tests.image.astro_cli import ADAPTERS, HOME, NAME, PARSE, TEST, compose_file, init, pytests
from tests.image.compose import Compose

# The CLI starts everything at once, so components may start before the migration and exit once.
EXPECTED = (*AIRFLOW_WARNINGS, "Database migration required", "You need to initialize the database")
NEW_FORMAT = re.compile(r"(\d+)\.(\d+)-(\d+)(?:[.-](.+))?")
SEMANTIC = re.compile(r"\d+\.\d+\.\d+")
# The objects of airflow_settings.yaml as `astro dev start` posts them, pools first.
OBJECTS: dict[str, tuple[str, dict[str, object]]] = {
    "pools": ("name", {"name": "small", "slots": 3, "description": "few", "include_deferred": False}),
    "variables": ("key", {"key": "colour", "value": "blue"}),
    "connections": ("connection_id", {"connection_id": "store", "conn_type": "http", "host": "store", "port": 81}),
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Path:
    path = tmp_path_factory.mktemp(f"astro-cli-{line}".replace(".", "-"))
    init(path, project, line)
    return path


@pytest.fixture(scope="module")
def image(folder: Path) -> Iterator[str]:
    name = f"{NAME}/{folder.name}:latest"  # the CLI's is NAME/airflow:latest; here each line has its image
    docker("build", "-t", name, "-f", str(folder / "Dockerfile"), str(folder))
    yield name
    run("image", "rm", "--force", name)


@pytest.fixture(scope="module")
def compose(folder: Path, image: str, line: str) -> Iterator[Compose]:
    """`astro dev start`: starts every container at once, then waits for the web component.

    The CLI waits for a minute, which a machine with other work may need more than.
    """
    port = free_port()
    up = Compose(folder, image, line, compose_file(folder, image, line, port))
    url = f"http://127.0.0.1:{port}{ADAPTERS[line].health}"
    try:
        up("up", "--detach")
        wait_until(lambda: answers(url), lambda: up("logs"), seconds=PATIENCE)
        yield up
    finally:
        up("down", "--volumes", "--timeout", "1", check=False)


def answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=60, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def api(compose: Compose, line: str) -> Iterator[httpx.Client]:
    """The REST API; the CLI logs in as admin with password admin."""
    adapter, root = ADAPTERS[line], "http://" + compose("port", ADAPTERS[line].web, "8080").strip()
    with httpx.Client(base_url=root + adapter.api, timeout=300, trust_env=False) as client:
        if adapter.token:
            response = client.post(root + adapter.token, json={"username": "admin", "password": "admin"})
            client.headers["Authorization"] = "Bearer " + response.json()["access_token"]
        else:
            client.auth = httpx.BasicAuth("admin", "admin")
        yield client


def run_in(compose: Compose, line: str, *words: str) -> str:
    """Run a command in the web component's container, as `astro dev run` and `astro dev object export` do."""
    return docker("exec", "-i", compose.containers(ADAPTERS[line].web)[0], *words)


def test_both_version_labels_give_the_airflow_major(image: str, line: str) -> None:
    read = "{{ index .Config.Labels %r }}".replace("%r", '"io.astronomer.docker.%s.version"')
    release, airflow = (docker("inspect", "--format", read % name, image) for name in ("runtime", "airflow"))
    new = NEW_FORMAT.fullmatch(release)
    assert new or SEMANTIC.fullmatch(release)
    assert (new[1] if new else "2") == airflow.split(".")[0] == line.split(".")[0]


def test_image_contains_the_projects_files_owned_by_astro(image: str) -> None:
    script = "id -un; pwd; find . ! -user astro; ls -A; ls -A dags tests/dags"
    user, home, *names = once(image, "bash", "-c", script).stdout.splitlines()
    assert (user, home) == ("astro", HOME)
    assert set(names) >= {"Dockerfile", "requirements.txt", ".astro", "include", "plugins", ".airflowignore"}
    assert set(names) >= {"exampledag.py", "test_dag_example.py", "logs"}
    assert not set(names) & {".env", "airflow_settings.yaml"}


def test_pip_freeze_prints_only_versions(image: str) -> None:
    printed = once(image, "pip", "freeze").stdout.splitlines()
    assert {"apache-airflow", "astro-run-dag", "pytest-html"} <= {row.split("==")[0] for row in printed}
    assert [row for row in printed if len(row.split("==")) != 2] == []


def test_parse_succeeds_and_writes_its_report(folder: Path, image: str) -> None:
    words = [PARSE, "--html=dag-test-report.html", "--self-contained-html"]
    assert pytests(folder, image, *words)[0] == "0"
    assert "test_file_imports" in (folder / "dag-test-report.html").read_text()


def test_pytest_uses_the_hosts_files_and_fails_with_1(folder: Path, image: str) -> None:
    added = folder / "dags" / "second.py"
    added.write_text((folder / "dags" / "exampledag.py").read_text().replace("example_astronauts", "second"))
    code, printed = pytests(folder, image, TEST)
    added.unlink()
    assert (code, "second" in printed) == ("1", True), printed


def test_every_component_is_healthy_and_logs_no_other_warnings(compose: Compose, line: str) -> None:
    services = list(ADAPTERS[line].commands)
    for service in services:
        container = Container(compose.containers(service)[0])
        if service == "db-migration":
            assert container.exit_code() == 0
        else:
            container.wait_until_healthy()
    assert_no_complaints(compose("logs", "--no-color", *services), EXPECTED)


def test_settings_can_be_loaded_through_the_api_twice(api: httpx.Client) -> None:
    for path, (key, payload) in [*OBJECTS.items(), *OBJECTS.items()]:
        response = api.post(path, json=payload)
        if response.status_code == 409:
            response = api.patch(f"{path}/{payload[key]}", json=payload)
        assert response.is_success, response.text
    assert {
        path: api.get(f"{path}/{payload[key]}").json()[key] for path, (key, payload) in OBJECTS.items()
    } == {path: payload[key] for path, (key, payload) in OBJECTS.items()}


def test_commands_run_in_the_web_component_and_export_reads_their_output(
    compose: Compose, api: httpx.Client, line: str
) -> None:
    assert api.post("connections", json={"connection_id": "lake", "conn_type": "http"}).is_success
    listed = run_in(compose, line, "bash", "-c", "airflow connections list -o yaml")
    assert "lake" in {
        row["conn_id"] for row in yaml.safe_load("- conn_id:" + listed.split("- conn_id:", 1)[1])
    }
    run_in(compose, line, "airflow", "variables", "set", "shape", "round")
    assert "successfully" in run_in(compose, line, "bash", "-c", "airflow variables export tmp.var")
    assert json.loads(run_in(compose, line, "bash", "-c", "cat tmp.var"))["shape"] == "round"
    run_in(compose, line, "bash", "-c", "rm tmp.var")


def test_dag_is_listed_and_bash_runs_as_astro(compose: Compose, line: str) -> None:
    listed: Callable[[], str] = lambda: run_in(compose, line, "airflow", "dags", "list")  # noqa: E731
    wait_until(lambda: "example_astronauts" in listed(), listed)
    scheduler = compose.containers("scheduler")[0]
    output = docker("exec", "-i", scheduler, "bash", stdin="id -un; pwd; cat airflow_settings.yaml\n")
    assert output.splitlines()[:3] == ["astro", HOME, "airflow:"]
