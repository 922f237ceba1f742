"""deploy/compose-task-logs.yaml over compose.yaml, without an engine: no component shares a folder for task logs."""

from __future__ import annotations

from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from testing.entrypoint_process import CHECKOUT
from tests.unit.pages import REFERENCE, first_cells

LOGS = "/usr/local/airflow/logs"
BASE: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())
OVERRIDE: dict[str, Any] = yaml.safe_load((CHECKOUT / "deploy" / "compose-task-logs.yaml").read_text())
WITH_STORE = {"web", "scheduler", "triggerer", "worker"}  # they write or read task logs
SECRET = "task-logs"
PREFIX = "AIRFLOW__ASTRO_RUNTIME__"


def targets(service: dict[str, Any]) -> dict[str, str]:
    """Return the source of each volume of a service by its folder; of one without a name it is empty."""
    volumes = service.get("volumes", [])
    pairs = (
        (volume["target"], volume.get("source", ""))
        if isinstance(volume, dict)
        else (volume.split(":")[1], volume.split(":")[0])
        for volume in volumes
    )
    return dict(pairs)


def merged_volumes(name: str) -> dict[str, str]:
    """Return the volumes of a service as compose merges the files: by folder, and the later file wins."""
    return {**targets(BASE["services"][name]), **targets(OVERRIDE["services"].get(name, {}))}


def test_override_has_only_services_that_exist() -> None:
    assert OVERRIDE["services"].keys() <= BASE["services"].keys()


@pytest.mark.parametrize("name", BASE["services"])
def test_no_service_shares_the_folder_of_the_logs(name: str) -> None:
    has_logs = LOGS in targets(BASE["services"][name])
    assert (LOGS in merged_volumes(name), merged_volumes(name).get(LOGS, "")) == (has_logs, "")


def test_only_components_with_task_logs_have_the_store_and_its_credentials() -> None:
    with_store = {name for name, service in OVERRIDE["services"].items() if "environment" in service}
    with_secret = {
        name for name, service in OVERRIDE["services"].items() if SECRET in service.get("secrets", [])
    }
    assert with_store == with_secret == WITH_STORE


def test_variables_are_settings_of_the_runtime_and_hold_no_secret() -> None:
    environ = OVERRIDE["services"]["worker"]["environment"]
    options = {name.removeprefix(PREFIX).lower() for name in environ if name.startswith(PREFIX)}
    assert options <= first_cells(REFERENCE / "settings.md")
    assert environ["AWS_SHARED_CREDENTIALS_FILE"] == f"/run/secrets/{SECRET}"
    assert not {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"} & environ.keys()


def test_file_of_the_credentials_is_not_in_the_image() -> None:
    assert OVERRIDE["secrets"][SECRET] == {"file": "./task-logs.credentials"}
    assert "/task-logs.credentials" in (CHECKOUT / ".gitignore").read_text().splitlines()
    assert (CHECKOUT / ".dockerignore").read_text().splitlines()[0] == "*"
