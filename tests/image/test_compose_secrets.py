"""compose.yaml: what a task can and cannot do with what its worker holds, tried within the worker's container."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from testing.docker_engine import PATIENCE
from tests.image.compose import Compose, started

FORGED_LOGIN = (Path(__file__).parent / "forged_login.py").read_text()
KEYS = ("session/key", "jwt/key")
GENERATED = (
    *KEYS,
    "login/password",
    "postgres/superuser",
    "postgres/airflow",
    "metadata/fernet_key",
    "broker/redis.conf",
)
# Whether a worker holds the login of the metadata database and the Fernet key: Airflow 2 needs both there.
WORKER_HOLDS_METADATA = {"3.3": False, "2.11": True}
LOGIN = """
import sys
import psycopg2
for password in sys.argv[1:]:
    try:
        psycopg2.connect(host="postgres", user="airflow", dbname="airflow", password=password)
        print("opened")
    except psycopg2.OperationalError as error:
        assert "password" in str(error), error
"""
WITHOUT_PASSWORD = """
import redis
assert redis.from_url(open("/secrets/broker/url").read()).ping()
redis.Redis("redis").ping()
"""
TO_BECOME_A_USER = 1 << 0 | 1 << 1 | 1 << 3 | 1 << 6 | 1 << 7  # CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID
CAPABILITIES = {"web": 0, "worker": 0, "redis": 0, "postgres": TO_BECOME_A_USER}
PASSWORD = r"it's 100% \n $mine"


@pytest.fixture(scope="module")
def compose(tmp_path_factory: pytest.TempPathFactory, project: str, line: str) -> Iterator[Compose]:
    """The web server and one worker of the image itself, without a project."""
    folder = tmp_path_factory.mktemp(f"secrets-{line}".replace(".", "-"))
    with started(Compose(folder, project, line), "--scale=worker=1", "web", "worker") as up:
        yield up


def run_python(compose: Compose, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a script in the worker's container, as its user, like a task."""
    (worker,) = compose.containers("worker")
    words = ["docker", "exec", "--interactive", worker, "python", "-", *arguments]
    return subprocess.run(words, input=script, capture_output=True, text=True, timeout=PATIENCE, check=False)


def forged_login(compose: Compose, line: str, *keys: str) -> dict[str, Any]:
    done = run_python(compose, FORGED_LOGIN, line, *keys)
    assert done.returncode == 0, done.stderr
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])  # warnings come first
    return result


@pytest.fixture(scope="module")
def attack(compose: Compose, line: str) -> dict[str, Any]:
    """The keys that a task can read, and those of them by which it became an Admin."""
    return forged_login(compose, line)


def test_task_cannot_forge_the_login_of_an_admin(compose: Compose, line: str, attack: dict[str, Any]) -> None:
    keys = [compose.secret(name) for name in KEYS]
    control = forged_login(compose, line, *keys)
    assert all(control["opened"].values()), f"the attack fails even with the right key: {control['opened']}"
    assert attack["tried"]
    assert not {*keys, compose.secret("login/password")} & {*attack["tried"]}
    assert not any(attack["opened"].values()), attack["opened"]


def test_task_has_the_fernet_key_and_a_database_login_only_on_airflow_2(
    compose: Compose, line: str, attack: dict[str, Any]
) -> None:
    holds, readable = WORKER_HOLDS_METADATA[line], attack["tried"]
    assert (compose.secret("metadata/fernet_key") in readable) is holds
    opened = run_python(compose, LOGIN, "", "airflow", *readable)
    assert (opened.returncode, "opened" in opened.stdout) == (0, holds), opened.stderr


def test_role_of_airflow_has_no_rights_beyond_its_database(compose: Compose) -> None:
    rights = "rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls"
    assert compose.sql(f"SELECT {rights} FROM pg_roles WHERE rolname = 'airflow'") == [["f"] * 5]
    memberships = "SELECT count(*) FROM pg_auth_members WHERE member = 'airflow'::regrole"
    assert compose.sql(memberships) == [["0"]]


def test_redis_asks_for_a_password(compose: Compose) -> None:
    last_line = run_python(compose, WITHOUT_PASSWORD).stderr.splitlines()[-1]
    assert re.search("already authenticated|Authentication required", last_line)


def test_no_secret_is_logged(compose: Compose) -> None:
    log = compose("logs")
    secrets = [compose.secret(name).split()[-1] for name in GENERATED]
    assert len({*secrets}) == len(GENERATED)
    assert not [name for name, secret in zip(GENERATED, secrets, strict=True) if secret in log]


@pytest.mark.parametrize(("service", "capabilities"), CAPABILITIES.items())
def test_service_has_no_more_capabilities_than_it_needs_to_start(
    compose: Compose, service: str, capabilities: int
) -> None:
    status = compose("exec", "-T", service, "cat", "/proc/1/status")
    fields = dict(line.split(":\t", 1) for line in status.splitlines() if ":\t" in line)
    assert (int(fields["CapBnd"], 16), fields["NoNewPrivs"].strip()) == (capabilities, "1")


def test_password_of_the_operator_is_kept(tmp_path: Path, project: str, line: str) -> None:
    # Its name is that of the project, which the other line's tests must not share.
    folder = tmp_path / f"password-{line}".replace(".", "-")
    folder.mkdir()
    given = Compose(folder, project, line)
    try:
        given.environ["AIRFLOW_PASSWORD"] = PASSWORD
        given("run", "--rm", "secrets")
        del given.environ["AIRFLOW_PASSWORD"]
        given("run", "--rm", "secrets")
        assert given.secret("login/password") == PASSWORD
    finally:
        given("down", "--volumes", check=False)
