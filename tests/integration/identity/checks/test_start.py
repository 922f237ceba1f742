"""Real web servers with wrong settings: each ends with 78 and one message, before it serves or starts a worker."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped]
import pytest

from entrypoint.errors import CONFIG
from testing.entrypoint_process import CHECKOUT, isolated_environment
from testing.identity.conf import RULES, login_options, variables
from testing.identity.login_provider import CLIENT_SECRET, LoginProvider, login_provider
from testing.identity.patience import write_patience
from testing.identity.refused_starts import RESULT, WEB_SERVER
from testing.installed_line import LINE
from testing.proof import copy_migrated_database, templates_folder
from testing.servers import free_port
from testing.waiting import wait_until

# By what is wrong: the changed options, and what the message says.
WRONG = {
    "http issuer": (
        {"oidc_issuer": "http://login.example.com"},
        "oidc_issuer holds 'http://login.example.com'",
    ),
    "no client": ({"oidc_client_id": ""}, "oidc_issuer is set, but [astro_runtime] oidc_client_id is not"),
    "no rules": ({"oidc_roles": ""}, "oidc_issuer is set, but [astro_runtime] oidc_roles is not"),
    "unknown role": ({"oidc_roles": RULES.replace("Admin", "Boss")}, 'oidc_roles: the document has "Boss"'),
    "claim": (
        {"oidc_roles": RULES.replace('"groups"', '"*.x"')},
        'oidc_roles: claim: "*.x" must not begin with *',
    ),
    "pattern": (
        {"oidc_roles": RULES.replace("finance_*", "a b")},
        'oidc_roles: dags, "a b": a pattern must be',
    ),
    "no file": ({"oidc_roles": "/nowhere/roles.json"}, "oidc_roles: '/nowhere/roles.json' cannot be read"),
    "password": ({"oidc_issuer": f"https://me:{CLIENT_SECRET}@host"}, "oidc_issuer holds 'https://***@host'"),
    "half a proxy": (
        {"proxy_jwt_header": "X-Token"},
        "proxy_jwt_header is set, but [astro_runtime] proxy_jwks_url",
    ),
    "user claim": ({"oidc_user_claim": "*"}, "oidc_user_claim holds '*'"),
    "switch": ({"admin_tokens": "maybe"}, "admin_tokens holds 'maybe'"),
}


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with a migrated database."""
    path = tmp_path_factory.mktemp("home")
    copy_migrated_database(templates_folder(tmp_path_factory), path)
    (path / "airflow.cfg").touch()
    write_patience(path)
    return path


@pytest.fixture(scope="module")
def provider() -> Iterator[LoginProvider]:
    with login_provider() as running:
        yield running


@pytest.fixture(scope="module")
def ends(home: Path, provider: LoginProvider) -> dict[str, Any]:
    """How each start with a wrong setting ended."""
    environ = isolated_environment(home, **variables(login_options(provider.issuer)))
    starts = {what: variables(changes) for what, (changes, _) in WRONG.items()}
    done = subprocess.run(
        [sys.executable, "-m", "testing.identity.refused_starts", json.dumps(starts)],
        env=environ,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    results = [line for line in done.stdout.splitlines() if line.startswith(RESULT)]
    assert results, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(results[0].removeprefix(RESULT))
    return found


@pytest.mark.parametrize("what", WRONG)
def test_wrong_setting_ends_the_web_server_with_78_and_one_message(what: str, ends: dict[str, Any]) -> None:
    end = ends[what]
    lines = [line for line in end["stderr"].splitlines() if line.startswith("astro-runtime: ")]
    assert (end["code"], len(lines)) == (CONFIG, 1), end
    assert lines[0].startswith(f"astro-runtime: [astro_runtime] {WRONG[what][1]}")
    assert CLIENT_SECRET not in end["stderr"] + end["stdout"]
    assert "Traceback" not in end["stderr"] + end["stdout"]


def test_provider_of_another_name_ends_the_container_before_a_worker_starts(
    home: Path, provider: LoginProvider
) -> None:
    """As a container runs it: through the entrypoint, whose process the web server is."""
    port = str(free_port())
    environ = isolated_environment(home, **variables(login_options(provider.issuer)))
    provider.stated_issuer = "https://elsewhere.example.com"
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "entrypoint",
            WEB_SERVER,
            *(["--port", port] if LINE == "3.3" else ["-p", port]),
        ],
        env=environ,
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        timeout=300,
    )
    provider.stated_issuer = ""
    assert done.returncode == CONFIG, done.stderr
    message = (
        f"is of issuer 'https://elsewhere.example.com', not of '{provider.issuer}'; both must be the same"
    )
    assert done.stderr.splitlines()[-1].endswith(message)
    assert ("gunicorn" in done.stdout.lower(), "Workers:" in done.stdout) == (False, False)


def test_other_component_warns_and_goes_on(home: Path, provider: LoginProvider) -> None:
    options = login_options(provider.issuer, oidc_roles=RULES.replace("Admin", "Boss"))
    output = home / "triggerer.out"
    with open(output, "wb") as file:
        process = subprocess.Popen(
            [sys.executable, "-m", "airflow", "triggerer", "--skip-serve-logs"],
            env=isolated_environment(home, **variables(options)),
            cwd=CHECKOUT,
            stdout=file,
            stderr=file,
        )
    asked = len(provider.requests)
    try:
        wait_until(
            lambda: "Starting the triggerer" in output.read_text(),
            output.read_text,
            failed=lambda: process.poll() is not None,
        )
        assert output.read_text().count("the web server will not start") == 1
        assert len(provider.requests) == asked
    finally:
        for child in psutil.Process(process.pid).children(recursive=True):
            with contextlib.suppress(psutil.NoSuchProcess):  # it has ended by itself
                child.kill()
        process.kill()
        process.wait()
