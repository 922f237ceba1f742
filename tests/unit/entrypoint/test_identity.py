"""The auth manager of the identity provider: the Runtime's where it is set up, the operator's where there is one."""

from __future__ import annotations

from pathlib import Path

import pytest

from entrypoint.build_environment import build_environment
from entrypoint.identity import AIRFLOW_MANAGERS, LEFT_ALONE, RUNTIME_MANAGER
from testing.installed_line import LINE

ISSUER = "AIRFLOW__ASTRO_RUNTIME__OIDC_ISSUER"
HEADER = "AIRFLOW__ASTRO_RUNTIME__PROXY_JWT_HEADER"
MANAGER = "AIRFLOW__CORE__AUTH_MANAGER"
URL = "https://id.example.com"
SET_UP = {ISSUER: URL}


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"AIRFLOW_HOME": str(tmp_path), "HOME": str(tmp_path), "PATH": "/usr/bin"}


@pytest.mark.parametrize(
    ("variables", "is_used"),
    [
        ({}, False),
        ({ISSUER: ""}, False),
        ({"AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_ID": "airflow"}, False),
        (SET_UP, True),
        ({HEADER: "X-Auth-Token"}, True),
        ({**SET_UP, MANAGER: ""}, True),
        *(({**SET_UP, MANAGER: manager}, True) for manager in AIRFLOW_MANAGERS[LINE]),
        ({**SET_UP, MANAGER: f" {RUNTIME_MANAGER[LINE]} "}, True),
        ({**SET_UP, MANAGER: "mine.AuthManager"}, False),
    ],
    ids=str,
)
def test_manager_is_the_runtimes_unless_operator_has_one(
    environ: dict[str, str], variables: dict[str, str], is_used: bool
) -> None:
    exported = build_environment({**environ, **variables}).environ
    assert exported.get(MANAGER) == (RUNTIME_MANAGER[LINE] if is_used else variables.get(MANAGER))


def test_airflow_cfg_may_set_it_up(environ: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "airflow.cfg").write_text(f"[astro_runtime]\noidc_issuer = {URL}\n")
    [line] = [
        setting.log_line for setting in build_environment(environ).settings if setting.variable == MANAGER
    ]
    assert line == f"{MANAGER}={RUNTIME_MANAGER[LINE]} (because of [astro_runtime] oidc_issuer)"


@pytest.mark.parametrize("is_in_file", [True, False])
def test_operators_own_is_left_alone_with_one_line(
    environ: dict[str, str], tmp_path: Path, is_in_file: bool
) -> None:
    if is_in_file:
        (tmp_path / "airflow.cfg").write_text("[core]\nauth_manager = mine.AuthManager\n")
    else:
        environ[MANAGER] = "mine.AuthManager"
    prepared = build_environment({**environ, **SET_UP})
    [line] = [line for setting in prepared.settings if LEFT_ALONE in (line := setting.log_line)]
    assert "mine.AuthManager" in line
    assert prepared.environ.get(MANAGER) == environ.get(MANAGER)


def test_setting_that_is_removed_takes_the_export_along(environ: dict[str, str]) -> None:
    first = build_environment({**environ, **SET_UP}).environ
    assert build_environment(first).environ == first
    del first[ISSUER]
    assert MANAGER not in build_environment(first).environ
