"""compose.ha.yaml over compose.yaml, without an engine: what is there twice, which secrets are mounted, the scripts."""

from __future__ import annotations

import re
import subprocess
from typing import Any

import pytest

from testing.compose_files import load_compose_file
from testing.entrypoint_process import CHECKOUT
from tests.unit import test_compose_file as base

TEXT = (CHECKOUT / "compose.ha.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = load_compose_file("compose.ha.yaml")["services"]
# By service: the volumes with secrets that it mounts; none of them, except where they are generated, can be changed.
SECRETS: dict[str, set[str]] = {
    **base.SECRETS,
    "postgres-standby": {"postgres-passwords"},
    "promote": {"postgres-passwords"},
    "pgbouncer": {"postgres-passwords"},
    "redis-standby": {"broker"},
    **{f"sentinel-{number}": {"broker"} for number in (1, 2, 3)},
    "balancer": set(),
}
GENERATORS = {"secrets", "ha-secrets"}
COMPONENTS = ("web", "scheduler", "dag-processor", "triggerer", "worker")
BROKER_NETWORK = {"redis", "redis-standby", "sentinel-1", "sentinel-2", "sentinel-3", "scheduler", "worker"}


def merged(name: str) -> dict[str, Any]:
    """Return a service as Compose merges the files, as far as the tests look: mappings and lists grow."""
    first, second = base.SERVICES.get(name, {}), SERVICES.get(name, {})
    grown = {key: {**first.get(key, {}), **second.get(key, {})} for key in ("environment", "depends_on")}
    lists = {key: [*(first.get(key) or []), *(second.get(key) or [])] for key in ("volumes",)}
    return {**first, **second, **grown, **lists}


def mounts(name: str) -> dict[str, list[str]]:
    """Return the volumes of a service, each with its folder and options."""
    return {volume.split(":")[0]: volume.split(":")[1:] for volume in merged(name)["volumes"]}


def scripts() -> dict[str, str]:
    """Return the shell scripts by service."""
    words = {name: service.get("entrypoint") or service.get("command") for name, service in SERVICES.items()}
    return {name: script[2] for name, script in words.items() if isinstance(script, list)}


def test_table_names_every_service() -> None:
    assert {*SECRETS} == ({*SERVICES} | {*base.SERVICES}) - GENERATORS


@pytest.mark.parametrize("name", SECRETS)
def test_service_mounts_only_the_secrets_that_it_needs_and_cannot_change_them(name: str) -> None:
    secret = {volume: words for volume, words in mounts(name).items() if words[0].startswith("/secrets/")}
    assert {*secret} == SECRETS[name]
    assert {words[1] for words in secret.values()} <= {"ro"}


@pytest.mark.parametrize("name", SECRETS)
def test_secrets_are_read_from_the_files_that_the_service_mounts(name: str) -> None:
    folders = {words[0] for words in mounts(name).values()}
    environ = {key: text for key, text in merged(name)["environment"].items() if key.endswith("_CMD")}
    for key, text in environ.items():
        command, path = text.split()
        assert (command, path.rpartition("/")[0] in folders) == ("cat", True), key


@pytest.mark.parametrize("name", SERVICES)
def test_service_is_locked_down(name: str) -> None:
    options = merged(name)
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges:true"]
    assert options["read_only"] is (name not in base.WRITABLE_ROOT)


@pytest.mark.parametrize("name", [*COMPONENTS, "pgbouncer"])
def test_component_runs_twice(name: str) -> None:
    assert merged(name)["deploy"]["replicas"] == 2


def test_only_the_balancer_is_published_and_on_loopback_only() -> None:
    assert SERVICES["web"]["ports"] is None  # `!reset`
    published = {name: service["ports"] for name, service in SERVICES.items() if service.get("ports")}
    assert published == {"balancer": ["127.0.0.1:${PORT:-8080}:8080"]}


def test_four_web_servers_fit_behind_the_balancer_during_an_upgrade() -> None:
    (slots,) = re.findall(r"server-template web (\d+) ", scripts()["balancer"])
    assert int(slots) >= 2 * merged("web")["deploy"]["replicas"]


def test_broker_is_reached_only_by_those_with_its_password() -> None:
    members = {name for name, service in SERVICES.items() if "broker" in service.get("networks", [])}
    assert members == BROKER_NETWORK
    assert all("broker" in SECRETS[name] for name in members)


@pytest.mark.parametrize("name", scripts())
def test_script_is_valid_shell(name: str) -> None:
    text = scripts()[name].replace("$$", "$")
    assert subprocess.run(["sh", "-n"], input=text, text=True, capture_output=True).stderr == ""


def test_every_sentinel_is_in_the_url_without_an_empty_one() -> None:
    """Celery's result backend takes what follows a last semicolon for a Sentinel without a name."""
    script = scripts()["ha-secrets"].replace("$$", "$")
    loop = script[script.index("for name") :].replace("\\\n", "").replace(">broker/sentinel_url", "")
    url = subprocess.run(["sh", "-ec", f"redis=p; {loop}"], text=True, capture_output=True, check=True).stdout
    names = [name for name in SERVICES if name.startswith("sentinel-")]
    assert url.split(";") == [f"sentinel://:p@{name}:26379/0" for name in names]


def test_poolers_leave_connections_of_postgresql_free() -> None:
    script = scripts()["pgbouncer"]
    size = int(re.findall(r"default_pool_size = (\d+)", script)[0])
    assert size * merged("pgbouncer")["deploy"]["replicas"] < 100 - 3  # max_connections, and the superuser's
    assert "pool_mode = transaction" in script


def test_file_contains_no_password() -> None:
    assert not re.findall(r"://[^/\s:]*:[^$@\s]+@", TEXT)
    assert not re.findall(r"PASSWORD\w*: [^$]", TEXT)
