"""What of the operator's own decides over logins."""

from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.identity.checks.own_login import own_login
from entrypoint.identity import AIRFLOW_MANAGERS, RUNTIME_MANAGER
from testing.identity.conf import IdentityConf

OWN = "from flask_appbuilder.const import AUTH_DB, AUTH_OAUTH\n"


def login_of(tmp_path: Path, text: str, line: str = "2.11") -> str:
    path = tmp_path / "webserver_config.py"
    path.write_text(OWN + text)
    return own_login(IdentityConf({}, {("webserver", "config_file"): str(path)}), line)


@pytest.mark.parametrize(
    "manager", [*RUNTIME_MANAGER.values(), *AIRFLOW_MANAGERS["2.11"], *AIRFLOW_MANAGERS["3.3"]]
)
def test_auth_managers_of_airflow_and_the_runtime_are_not_the_operators(manager: str) -> None:
    assert own_login(IdentityConf({}, {("core", "auth_manager"): manager}), "3.3") == ""


def test_other_auth_manager_is() -> None:
    conf = IdentityConf({}, {("core", "auth_manager"): "acme.Manager"})
    assert own_login(conf, "2.11") == "[core] auth_manager = acme.Manager"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("AUTH_TYPE = AUTH_OAUTH\n", "AUTH_TYPE"),
        ("SECURITY_MANAGER_CLASS = Ours\n", "SECURITY_MANAGER_CLASS"),
        ("AUTH_TYPE = AUTH_DB\n# AUTH_TYPE = AUTH_OAUTH\n", ""),
        ("SECURITY_MANAGER_CLASS = None\n", ""),
        ("", ""),
    ],
)
def test_login_in_webserver_config_is_found(tmp_path: Path, text: str, name: str) -> None:
    found = login_of(tmp_path, text)
    assert found == (f"{name} in {tmp_path}/webserver_config.py" if name else "")


def test_webserver_config_is_of_airflow_2_alone(tmp_path: Path) -> None:
    assert login_of(tmp_path, "AUTH_TYPE = AUTH_OAUTH\n", "3.3") == ""


def test_webserver_config_that_is_not_there_is_none() -> None:
    assert own_login(IdentityConf({}, {("webserver", "config_file"): "/nowhere"}), "2.11") == ""
