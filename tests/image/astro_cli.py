"""What the Astro CLI creates: the project of `astro dev init`, the containers of `astro dev start`, and their commands.

Source: airflow/include/*/composeyml.go.tmpl, airflow/docker*.go and pkg/airflowrt/include of its repository.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from testing.docker_engine import docker, run

HOME = "/usr/local/airflow"
NAME = "orders_0a1b2c"  # the project's name, and the first letters of a checksum of its path
PARSE = ".astro/test_dag_integrity_default.py"
TEST = "tests/dags/test_dag_example.py"
IGNORED = ("astro", ".git", ".env", "airflow_settings.yaml", "logs/", ".venv", "airflow.db", "airflow.cfg")
DATABASE = "postgresql://postgres:postgres@postgres:5432"  # without the name of a database
COMMON = {
    "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
    "AIRFLOW__CORE__FERNET_KEY": "d6Vefz3G9U_ynXB3cr7y_Ak35tAHkEGAVxuz_B-jzWw=",
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW__CORE__SQL_ALCHEMY_CONN": DATABASE,
    "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": DATABASE,
    "ASTRONOMER_ENVIRONMENT": "local",
}
AIRFLOW_3 = {
    "AIRFLOW__API__BASE_URL": "http://localhost:8080",
    "AIRFLOW__API__PORT": "8080",
    "AIRFLOW__API__SECRET_KEY": NAME,
    "AIRFLOW__API_AUTH__JWT_SECRET": NAME,
    "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
    "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
    "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "http://api-server:8080/execution/",
    "AIRFLOW__SCHEDULER__STANDALONE_DAG_PROCESSOR": "true",
}
AIRFLOW_2 = {
    "AIRFLOW__WEBSERVER__SECRET_KEY": NAME,
    "AIRFLOW__WEBSERVER__RBAC": "True",
    "AIRFLOW__WEBSERVER__EXPOSE_CONFIG": "True",
}
MIGRATE_AND = 'bash -c "(airflow db upgrade || airflow upgradedb) && airflow {}"'
WEBSERVER = (
    'bash -c \'if [[ -z "$$AIRFLOW__API__AUTH_BACKEND" ]] && [[ $$(pip show -f apache-airflow | grep basic_auth.py) ]];'
    " then export AIRFLOW__API__AUTH_BACKEND=airflow.api.auth.backend.basic_auth ;"
    " else export AIRFLOW__API__AUTH_BACKEND=airflow.api.auth.backend.default ; fi &&"
    ' { airflow users create "$$@" || airflow create_user "$$@" ; } &&'
    " { airflow sync-perm || airflow sync_perm ;} &&"
    " airflow webserver' -- -r Admin -u admin -e admin@example.com -f admin -l user -p admin"
)


class Adapter(NamedTuple):
    """How the CLI differs between Airflow majors."""

    web: str  # the service with the UI
    health: str  # the path that is polled until it answers
    api: str  # the path of the REST API
    token: str  # the path that issues its tokens; empty if it takes the password itself
    imports: str  # the beginning of the example DAG
    bag: str  # how the two tests load the DAGs
    environ: dict[str, str]
    commands: dict[str, tuple[str, str]]  # service -> its command, and the service that is started before it


# 3.3: the CLI still writes DagBag(include_examples=False), which that Airflow refuses (apache/airflow #70283).
# fmt: off
ADAPTERS = {
    "3.3": Adapter(
        "api-server", "/api/v2/monitor/health", "/api/v2", "/auth/token",
        "from airflow.sdk import Asset, dag, task\n", "DagBag()", COMMON | AIRFLOW_3,
        {
            "db-migration": ("airflow db migrate", "postgres"),
            "scheduler": ("airflow scheduler", "db-migration"),
            "dag-processor": ("airflow dag-processor", "db-migration"),
            "api-server": ("airflow api-server", "db-migration"),
            "triggerer": ("airflow triggerer", "db-migration"),
        },
    ),
    "2.11": Adapter(
        "webserver", "/health", "/api/v1", "",
        "from airflow import Dataset as Asset\nfrom airflow.decorators import dag, task\n",
        "DagBag(include_examples=False)", COMMON | AIRFLOW_2,
        {
            "scheduler": (MIGRATE_AND.format("scheduler"), "postgres"),
            "webserver": (WEBSERVER, "scheduler"),
            "triggerer": (MIGRATE_AND.format("triggerer"), "postgres"),
        },
    ),
}
# fmt: on
DAG = """
import requests
from pendulum import datetime


@dag(start_date=datetime(2025, 4, 22), schedule="@daily", catchup=False, default_args={"retries": 3}, tags=["example"])
def example_astronauts():
    @task(outlets=[Asset("current_astronauts")])
    def get_astronauts() -> list[dict]:
        return [{"craft": "ISS", "name": "Oleg Kononenko"}, {"craft": "Tiangong", "name": requests.__version__}]

    @task
    def print_astronaut_craft(person_in_space: dict) -> None:
        print(person_in_space)

    print_astronaut_craft.expand(person_in_space=get_astronauts())


example_astronauts()
"""
# It initializes a SQLite database, and mocks every environment variable, connection and variable that a DAG reads.
PARSE_TEST = """\
import os
from airflow.hooks.base import BaseHook
from airflow.models import Connection, DagBag, Variable
from airflow.utils.db import initdb

initdb()
BaseHook.get_connection = lambda key, *_, **__: Connection(key)
Variable.get = lambda key, *_, **__: "NON_DEFAULT_MOCKED_VARIABLE_VALUE"
UNSET = ("JENKINS_HOME", "PYTEST_THEME")
os.getenv = lambda key, default=None: os.environ.get(key) or default or (None if key in UNSET else f"MOCKED_{key}")

def test_file_imports():
    bag = BAG
    assert (len(bag.dags), bag.import_errors) == (1, {})
"""
EXAMPLE_TEST = """\
from airflow.models import DagBag

def test_dags():
    assert {name: (dag.tags != [], dag.default_args["retries"]) for name, dag in BAG.dags.items()} == {
        "example_astronauts": (True, 3)
    }
"""
# The CLI adds astro-run-dag before every start, for `astro run`, and pytest-html for `astro dev upgrade-test`.
REQUIREMENTS = """\
# Astro Runtime includes the following pre-installed providers packages: ...
astro-run-dag # This package is needed for the astro run command. It will be removed before a deploy
pytest-html # This package is needed for the upgrade dag test. It will be removed once the test is over"""
SETTINGS = """\
airflow:
  connections: [{conn_id: , conn_type: , conn_host: , conn_extra: {example_extra_field: example-value}}]
  pools: [{pool_name: , pool_slot: , pool_description: }]
  variables: [{variable_name: , variable_value: }]
"""


def init(folder: Path, image: str, line: str) -> None:
    """`astro dev init`."""
    adapter = ADAPTERS[line]
    files = {
        ".astro/config.yaml": "project:\n  name: orders\n",
        ".astro/dag_integrity_exceptions.txt": "# Add dag files to exempt from parse test below. ex: dags/<test-file>",
        PARSE: PARSE_TEST.replace("BAG", adapter.bag),
        ".dockerignore": "\n".join(IGNORED),
        ".env": "",
        "Dockerfile": f"FROM {image}\n",
        "airflow_settings.yaml": SETTINGS,
        "dags/.airflowignore": "",
        "dags/exampledag.py": adapter.imports + DAG,
        "packages.txt": "",
        "requirements.txt": REQUIREMENTS,
        TEST: EXAMPLE_TEST.replace("BAG", adapter.bag),
    }
    for name in (".astro", "dags", "plugins", "include", "tests/dags"):
        (folder / name).mkdir(parents=True)
    for path, text in files.items():
        (folder / path).write_text(text)


def compose_file(folder: Path, image: str, line: str, port: int) -> str:
    """Return the CLI's compose file for the project in `folder`, with the web component at `port`."""
    services: dict[str, dict[str, object]] = {
        "postgres": {
            "image": "postgres:15",
            "restart": "unless-stopped",
            "volumes": ["postgres_data:/var/lib/postgresql/data"],
            "environment": {"POSTGRES_USER": "postgres", "POSTGRES_PASSWORD": "postgres"},
        }
    }
    for name in ADAPTERS[line].commands:
        services[name] = _service(folder, image, ADAPTERS[line], name)
    services[ADAPTERS[line].web]["ports"] = [f"127.0.0.1:{port}:8080"]
    return json.dumps({"services": services, "volumes": {"postgres_data": {}, "airflow_logs": {}}})


def _service(folder: Path, image: str, adapter: Adapter, name: str) -> dict[str, object]:
    command, predecessor = adapter.commands[name]
    service: dict[str, object] = {
        "image": image,
        "command": command,
        "depends_on": [predecessor],
        "environment": adapter.environ,
    }
    if name == "db-migration":
        return service
    extra = {"scheduler": ["tests", "airflow_settings.yaml"], "triggerer": []}.get(name, ["tests"])
    mounts = [f"{folder / path}:{HOME}/{path}:z" for path in ("dags", "plugins", "include", *extra)]
    volumes = [*mounts, f"airflow_logs:{HOME}/logs"]
    return service | {"restart": "unless-stopped", "user": "astro", "env_file": ".env", "volumes": volumes}


def pytests(folder: Path, image: str, *words: str) -> tuple[str, str]:
    """`astro dev pytest`: return the exit code and the output; write the report to `folder`."""
    name = f"astro-pytest-{folder.name}"  # the CLI's is astro-pytest for every project
    run("rm", name)
    docker("create", "-i", "--name", name, "--env-file", str(folder / ".env"), image, "pytest", *words)
    for path in ("dags", "tests", "plugins", "include", ".astro"):
        docker("cp", str(folder / path), f"{name}:{HOME}/")
    done = run("start", name, "-a")
    code = docker("inspect", name, "--format={{.State.ExitCode}}")
    run("cp", f"{name}:{HOME}/dag-test-report.html", str(folder))
    docker("rm", name)
    return code, done.stdout + done.stderr
