"""`astro-runtime identity check` as a real process."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from entrypoint.errors import CONFIG, REFUSED, UNAVAILABLE, UNKNOWN, USAGE
from testing.entrypoint_process import CHECKOUT
from testing.identity.conf import login_options, variables
from testing.identity.identity_command import WORDS, IdentityCommand
from testing.identity.login_provider import CLIENT_SECRET, LoginProvider, login_provider
from testing.identity.patience import write_patience
from testing.waiting import read_until

SECRET_SETTING = "AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_SECRET"
ACCEPTED = "the provider accepts it with this secret"
BACKEND = {
    "AIRFLOW__SECRETS__BACKEND": "testing.identity.config_secrets.ConfigSecrets",
    "PYTHONPATH": str(CHECKOUT),
}
FROM_BACKEND = "kept-in-a-backend-client"
SUFFIXES = {"command": "_CMD", "secret": "_SECRET", "cfg": "", "cfg command": "_CMD", "cfg secret": "_SECRET"}
VALUES = {
    "command": "cat {home}/secret",
    "secret": "client",
    "cfg": CLIENT_SECRET,
    "cfg command": "cat {home}/secret",
    "cfg secret": "client",
}
CFG = """[astro_runtime]
oidc_issuer = {issuer}
oidc_client_id = airflow
oidc_roles = {{"claim": "groups", "Admin": ["airflow-admins"]}}
{option} = {text}
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[LoginProvider]:
    with login_provider() as running:
        yield running


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "airflow.cfg").touch()
    write_patience(tmp_path)
    return tmp_path


@pytest.fixture
def command(home: Path, provider: LoginProvider) -> IdentityCommand:
    return IdentityCommand(home, variables(login_options(provider.issuer)))


def without_secret(provider: LoginProvider) -> dict[str, str]:
    options = login_options(provider.issuer)
    del options["oidc_client_secret"]
    return variables(options)


def test_every_check_is_printed(command: IdentityCommand) -> None:
    done = command.run()
    assert (done.returncode, done.stderr) == (0, "")
    checks = [line.split("  ")[0] for line in done.stdout.splitlines()[1:]]
    assert checks == ["issuer", "keys", "clock", "redirect URI", "client", "rules"]
    assert ACCEPTED in done.stdout


def test_json_has_the_same(command: IdentityCommand) -> None:
    done = command.run("--json")
    found = json.loads(done.stdout)
    assert {row["state"] for row in found} == {"ok"}
    assert list(found[0]) == ["check", "state", "finding"]


def test_terminal_and_closed_stdin_have_no_token(command: IdentityCommand) -> None:
    for done in (command.run_on_terminal(), command.run_closed()):
        assert (done.returncode, done.stderr) == (0, "")
        assert ACCEPTED in done.stdout


def test_open_pipe_is_announced(command: IdentityCommand, provider: LoginProvider) -> None:
    with subprocess.Popen(
        WORDS,
        env=command.environ,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert "reading a token from stdin" in read_until(process.stderr, "stdin")
        out, err = process.communicate(provider.access_token("ann"), timeout=300)
    assert (process.returncode, err) == (0, "")
    assert "verified" in out


def test_token_gives_its_role(command: IdentityCommand, provider: LoginProvider) -> None:
    token = provider.access_token("otto")
    done = command.run("--json", token=f"Bearer {token}\n")
    found = json.loads(done.stdout)
    assert done.returncode == 0, done.stderr
    assert (found["verified"], found["user"], found["role"]) == (True, "otto", "Op")
    assert token not in done.stdout + done.stderr
    assert token.rpartition(".")[2] not in done.stdout + done.stderr


def test_token_that_lets_nobody_in_is_refused(command: IdentityCommand, provider: LoginProvider) -> None:
    expired = command.run("--mask", token=provider.access_token("ann", exp=1))
    assert (expired.returncode, "no: expired" in expired.stdout) == (REFUSED, True)
    assert "ann" not in expired.stdout.replace("Admin: groups = airflow-admins", "")
    nobody = command.run(token=provider.access_token("nora"))
    assert (nobody.returncode, "none: no rule matches" in nobody.stdout) == (REFUSED, True)


def test_what_is_no_token_is_a_wrong_argument(command: IdentityCommand) -> None:
    done = command.run(token="not-a-token")
    assert (done.returncode, done.stdout) == (USAGE, "")
    assert done.stderr.startswith("astro-runtime: stdin holds no token that can be read: this is no JWT")
    assert done.stderr.count("\n") == 1


def test_without_a_provider_there_is_no_answer(home: Path) -> None:
    done = IdentityCommand(home, {}).run()
    assert (done.returncode, done.stdout) == (UNKNOWN, "")
    assert done.stderr.startswith("astro-runtime: no identity provider is set ([astro_runtime] oidc_issuer)")


def test_wrong_secret_and_provider_that_is_away_have_their_codes(home: Path, provider: LoginProvider) -> None:
    wrong = variables(login_options(provider.issuer, oidc_client_secret="wrong-one"))
    done = IdentityCommand(home, wrong).run()
    assert (done.returncode, "invalid_client" in done.stdout) == (CONFIG, True)
    assert "wrong-one" not in done.stdout + done.stderr
    away = IdentityCommand(home, variables(login_options("http://127.0.0.1:1"))).run()
    assert (away.returncode, "unavailable" in away.stdout) == (UNAVAILABLE, True)


@pytest.mark.parametrize("way", ["command", "secret", "cfg", "cfg command", "cfg secret"])
def test_secret_is_read_in_every_way_of_airflow(home: Path, provider: LoginProvider, way: str) -> None:
    """The settings are in the environment, or all in airflow.cfg; the secret is where the way says."""
    (home / "secret").write_text(CLIENT_SECRET)
    provider.client_secret = FROM_BACKEND if "secret" in way else CLIENT_SECRET
    environ = {**without_secret(provider), f"{SECRET_SETTING}{SUFFIXES[way]}": VALUES[way].format(home=home)}
    if way.startswith("cfg"):
        option = f"oidc_client_secret{SUFFIXES[way].lower()}"
        text = VALUES[way].format(home=home).replace("%", "%%")
        (home / "airflow.cfg").write_text(CFG.format(issuer=provider.issuer, option=option, text=text))
        environ = {}
    done = IdentityCommand(home, {**environ, **(BACKEND if "secret" in way else {})}).run()
    provider.client_secret = CLIENT_SECRET
    assert (done.returncode, done.stderr) == (0, "")
    assert ACCEPTED in done.stdout
    assert not any(secret in done.stdout for secret in (CLIENT_SECRET, FROM_BACKEND))
