"""compose.yaml, without an engine: each service mounts only the secrets that it needs, and contains none."""

from __future__ import annotations

import re
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT

TEXT = (CHECKOUT / "compose.yaml").read_text()
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load(TEXT)["services"]
# By service: the volumes with secrets that it mounts. `secrets` generates all of them.
SECRETS: dict[str, set[str]] = {
    "postgres": {"postgres-passwords"},
    "database": {"postgres-passwords"},
    "redis": {"broker"},
    "migrate": {"metadata", "login"},
    "web": {"metadata", "session", "jwt"},
    "scheduler": {"metadata", "broker", "jwt"},
    "dag-processor": {"metadata"},
    "triggerer": {"metadata"},
    "worker": {"worker", "broker"},
}
WRITABLE_ROOT = {"web", "worker"}
SECRET_NAMES = re.compile(r"PASSWORD|SECRET|FERNET|_CONN\b|BROKER_URL|BACKEND", re.IGNORECASE)
FROM_OUTSIDE = {"AIRFLOW_PASSWORD"}


def mounts(service: str) -> dict[str, list[str]]:
    """Return the volumes of a service, each with its folder and options."""
    return {volume.split(":")[0]: volume.split(":")[1:] for volume in SERVICES[service]["volumes"]}


def secret_mounts(service: str) -> dict[str, list[str]]:
    return {name: words for name, words in mounts(service).items() if words[0].startswith("/secrets/")}


def test_table_names_every_service() -> None:
    assert {*SECRETS} == {*SERVICES} - {"secrets"}
    assert {*secret_mounts("secrets")} == set.union(*SECRETS.values())


@pytest.mark.parametrize("service", SECRETS)
def test_service_mounts_only_the_secrets_that_it_needs_and_cannot_change_them(service: str) -> None:
    assert {*secret_mounts(service)} == SECRETS[service]
    assert {words[1] for words in secret_mounts(service).values()} == {"ro"}


@pytest.mark.parametrize("service", SECRETS)
def test_secrets_are_read_from_the_files_that_the_service_mounts(service: str) -> None:
    environ = SERVICES[service].get("environment", {})
    secret = {name: text for name, text in environ.items() if SECRET_NAMES.search(name)} if environ else {}
    folders = {words[0] for words in secret_mounts(service).values()}
    for name, text in secret.items():
        assert name.endswith("_CMD"), name
        command, path = text.split()
        assert (command, path.rpartition("/")[0] in folders) == ("cat", True), name


@pytest.mark.parametrize("service", SERVICES)
def test_service_is_locked_down(service: str) -> None:
    options = SERVICES[service]
    assert options["cap_drop"] == ["ALL"]
    assert options["security_opt"] == ["no-new-privileges:true"]
    assert options["read_only"] is (service not in WRITABLE_ROOT)


def test_ports_are_published_on_loopback_only() -> None:
    ports = [port for options in SERVICES.values() for port in options.get("ports", [])]
    assert ports == ["127.0.0.1:${PORT:-8080}:8080"]


def test_tasks_cannot_change_dags() -> None:
    assert {mounts(name)["./dags"][-1] for name in SERVICES if "./dags" in mounts(name)} == {"ro"}


def test_file_contains_no_password() -> None:
    assert set(re.findall(r"\$\{(\w*PASSWORD\w*):-\}", TEXT)) == FROM_OUTSIDE
    assert not re.findall(r"://[^/\s:]*:[^$@\s]+@", TEXT)
