"""deploy/compose-keycloak.yaml over compose.yaml, without an engine: what a login at Keycloak needs fits together."""

from __future__ import annotations

import json
import re
from typing import Any

import yaml  # type: ignore[import-untyped]

from astro_runtime_plugin.identity.addresses import CALLBACK_PATHS
from astro_runtime_plugin.identity.roles.grant import ROLES
from astro_runtime_plugin.identity.roles.rules import parse_rules
from astro_runtime_plugin.identity.setting_problems import issuer
from entrypoint.airflow_line import LINES
from entrypoint.config_file import AirflowCfg, read_config
from entrypoint.identity import RUNTIME_MANAGER, identity_settings
from testing.entrypoint_process import CHECKOUT
from tests.unit.pages import REFERENCE, first_cells

BASE: dict[str, Any] = yaml.safe_load((CHECKOUT / "compose.yaml").read_text())["services"]
OVERRIDE: dict[str, Any] = yaml.safe_load((CHECKOUT / "deploy/compose-keycloak.yaml").read_text())["services"]
REALM: dict[str, Any] = json.loads((CHECKOUT / "deploy/keycloak-realm.json").read_text())
KEYCLOAK = OVERRIDE["keycloak"]
PREFIX = "AIRFLOW__ASTRO_RUNTIME__"
PLACEHOLDER = re.compile(r"\$\{(\w+)\}")


def merged_environment() -> dict[str, str]:
    """Return the variables of the web server, as compose merges the files."""
    return {**BASE["web"]["environment"], **OVERRIDE["web"]["environment"]}


def no_cfg() -> AirflowCfg:
    return read_config("/nowhere/airflow.cfg")


def client() -> dict[str, Any]:
    (only,) = REALM["clients"]
    return dict(only)


def test_auth_manager_of_the_base_file_gives_way_on_both_lines() -> None:
    assert BASE["web"]["environment"]["AIRFLOW__CORE__AUTH_MANAGER"]
    for line in LINES:
        (setting,) = identity_settings(merged_environment(), no_cfg(), line)
        assert (setting.exported, setting.value) == (True, RUNTIME_MANAGER[line])


def test_variables_are_settings_of_the_runtime_and_hold_no_secret() -> None:
    options = {
        name.removeprefix(PREFIX).lower()
        for name in OVERRIDE["web"]["environment"]
        if name.startswith(PREFIX)
    }
    assert options == {"oidc_issuer", "oidc_client_id", "oidc_roles"}
    assert options <= first_cells(REFERENCE / "settings.md")
    assert client()["publicClient"] is True


def test_issuer_is_the_realm_of_this_keycloak() -> None:
    environ = merged_environment()
    address = KEYCLOAK["environment"]["KC_HOSTNAME"]
    assert environ[f"{PREFIX}OIDC_ISSUER"] == f"{address}/realms/{REALM['realm']}"
    assert issuer(environ[f"{PREFIX}OIDC_ISSUER"]) == ""
    assert address.endswith(f":{KEYCLOAK['environment']['KC_HTTP_PORT']}")


def test_keycloak_is_in_the_network_of_the_web_server_and_on_loopback_only() -> None:
    port = KEYCLOAK["environment"]["KC_HTTP_PORT"]
    assert KEYCLOAK["network_mode"] == "service:web"
    assert OVERRIDE["web"]["ports"] == [f"127.0.0.1:{port}:{port}"]
    assert (KEYCLOAK["cap_drop"], KEYCLOAK["security_opt"]) == (["ALL"], ["no-new-privileges:true"])


def test_client_is_the_one_of_the_settings_with_both_redirect_uris() -> None:
    environ = merged_environment()
    assert client()["clientId"] == environ[f"{PREFIX}OIDC_CLIENT_ID"]
    assert client()["redirectUris"] == [f"${{AIRFLOW_URL}}{path}" for path in CALLBACK_PATHS.values()]
    url = KEYCLOAK["environment"]["AIRFLOW_URL"]
    assert {environ[f"AIRFLOW__{section}__BASE_URL"] for section in ("API", "WEBSERVER")} == {url}


def test_every_role_of_the_rules_is_in_the_realm() -> None:
    rules = parse_rules(merged_environment()[f"{PREFIX}OIDC_ROLES"])
    realm_roles = [role["name"] for role in REALM["roles"]["realm"]]
    given = [rules.match({"realm_access": {"roles": [role]}}).role for role in realm_roles]
    assert tuple(given) == ROLES


def test_access_tokens_are_for_airflow_and_live_for_a_minute() -> None:
    (mapper,) = (
        mapper for mapper in client()["protocolMappers"] if mapper["protocolMapper"] == "oidc-audience-mapper"
    )
    assert mapper["config"]["included.client.audience"] == client()["clientId"]
    assert REALM["accessTokenLifespan"] == 60


def test_placeholders_of_the_realm_are_variables_of_keycloak() -> None:
    text = json.dumps(REALM)
    assert {*PLACEHOLDER.findall(text)} <= KEYCLOAK["environment"].keys()


def test_realm_is_mounted_where_keycloak_imports_it() -> None:
    (volume,) = KEYCLOAK["volumes"]
    source, target, mode = volume.split(":")
    assert (CHECKOUT / source).read_text()
    assert (target.startswith("/opt/keycloak/data/import/"), mode) == (True, "ro")
    assert "--import-realm" in KEYCLOAK["command"]


def test_passwords_are_not_in_the_files() -> None:
    assert "${KEYCLOAK_ADMIN_PASSWORD:?" in KEYCLOAK["environment"]["KC_BOOTSTRAP_ADMIN_PASSWORD"]
    assert "users" not in REALM
