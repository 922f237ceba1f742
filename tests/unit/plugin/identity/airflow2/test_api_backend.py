"""Tests of the API's authentication: Bearer tokens, sessions, and the operator's backend (FAB's basic_auth)."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import pytest
from flask.testing import FlaskClient

from astro_runtime_plugin.identity.roles.grant import DagRule, Grant
from testing.identity.flask_browser import BASE, SCRIPT, log_in
from testing.identity.memory_service import MemoryService

DAGS = f"{BASE}/api/v1/dags"
POOLS = f"{BASE}/api/v1/pools"
POOL = {"name": "p", "slots": 1}


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def basic(name: str, password: str) -> dict[str, str]:
    return {"Authorization": f"Basic {b64encode(f'{name}:{password}'.encode()).decode()}"}


def test_bearer_token_has_the_rights_of_its_grant(client: FlaskClient, service: MemoryService) -> None:
    service.add("viewer", "robot", Grant("Viewer"))
    service.add("op", "machine", Grant("Op"))
    assert client.get(POOLS, headers=bearer("viewer")).status_code == 200
    assert client.post(POOLS, headers=bearer("viewer"), json=POOL).status_code == 403
    assert client.post(POOLS, headers=bearer("op"), json=POOL).status_code == 200
    assert client.delete(f"{POOLS}/p", headers=bearer("op")).status_code == 204
    assert client.get(f"{BASE}/astro-runtime/api/runtime", headers=bearer("viewer")).status_code == 200


def test_bearer_token_leaves_no_session(client: FlaskClient, service: MemoryService) -> None:
    service.add("viewer", "robot", Grant("Viewer"))
    assert client.get(DAGS, headers=bearer("viewer")).status_code == 200
    assert client.get(DAGS, headers=SCRIPT).status_code == 401


def test_wrong_bearer_token_is_401_with_its_reason(client: FlaskClient, service: MemoryService) -> None:
    answer = client.get(DAGS, headers=bearer("forged"))
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["reason"] == "signature"
    assert 'error="invalid_token"' in answer.headers["WWW-Authenticate"]


def test_user_without_a_role_is_403(client: FlaskClient, service: MemoryService) -> None:
    service.add("cook", "cook", Grant())
    answer = client.get(DAGS, headers=bearer("cook"))
    assert answer.status_code == 403
    assert answer.json
    assert answer.json["reason"] == "roles"


def test_token_without_a_role_is_not_helped_by_a_session(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, Grant("Admin"))
    service.add("cook", "cook", Grant())
    assert client.get(DAGS, headers=bearer("cook")).status_code == 403


def test_session_of_the_ui_works_for_its_own_calls(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, Grant("Op"))
    assert client.get(POOLS, headers=SCRIPT).status_code == 200
    same = {**SCRIPT, "Sec-Fetch-Site": "same-origin"}
    assert client.post(POOLS, headers=same, json=POOL).status_code == 200
    assert client.delete(f"{POOLS}/p", headers={"Origin": "https://airflow.example.com"}).status_code == 204


@pytest.mark.parametrize(
    "headers", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example.com"}, {"Origin": "null"}]
)
def test_session_is_of_no_use_to_other_sites(
    client: FlaskClient, service: MemoryService, headers: dict[str, str]
) -> None:
    log_in(client, service, Grant("Admin"))
    assert client.post(POOLS, headers=headers, json=POOL).status_code == 403
    service.add("op", "machine", Grant("Op"))
    assert client.get(f"{POOLS}/p", headers=bearer("op")).status_code == 404


def test_visitor_is_401_with_the_operators_challenge(client: FlaskClient) -> None:
    answer = client.get(DAGS)
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["reason"] == "anonymous"


def test_operators_backend_goes_on_working(client: FlaskClient, service: MemoryService, manager: Any) -> None:
    security = manager.security_manager
    with client.application.app_context():
        if not security.find_user("local"):
            security.add_user("local", "L", "U", "l@example.com", security.find_role("Viewer"), "secret")
    assert client.get(POOLS, headers=basic("local", "secret")).status_code == 200
    assert client.post(POOLS, headers=basic("local", "secret"), json=POOL).status_code == 403
    wrong = client.get(POOLS, headers=basic("local", "wrong"))
    assert (wrong.status_code, wrong.headers["WWW-Authenticate"]) == (401, "Basic")


def test_old_row_of_the_same_name_gives_nothing(
    client: FlaskClient, service: MemoryService, manager: Any
) -> None:
    security = manager.security_manager
    with client.application.app_context():
        if not security.find_user("boss"):
            security.add_user("boss", "B", "O", "b@example.com", security.find_role("Admin"), "secret")
    service.add("boss", "boss", Grant("Viewer"))
    assert client.get(POOLS, headers=bearer("boss")).status_code == 200
    assert client.post(POOLS, headers=bearer("boss"), json=POOL).status_code == 403
    assert client.get(f"{BASE}/api/v1/config", headers=bearer("boss")).status_code == 403


def test_row_of_a_token_has_no_password(client: FlaskClient, service: MemoryService) -> None:
    service.add("viewer", "robot", Grant("Viewer"))
    client.get(DAGS, headers=bearer("viewer"))
    for password in ("", "!", "robot"):
        assert client.get(DAGS, headers=basic("robot", password)).status_code == 401


def test_dag_rules_decide_by_dag(client: FlaskClient, service: MemoryService) -> None:
    rules = (DagRule("finance_*", "edit"), DagRule("audit", "read"))
    service.add("limited", "fay", Grant(None, rules))
    headers = bearer("limited")
    assert client.get(f"{BASE}/api/v1/dags", headers=headers).status_code in (200, 403)
    for dag, method, allowed in (
        ("finance_x", "GET", True),
        ("finance_x", "PATCH", True),
        ("audit", "GET", True),
        ("audit", "PATCH", False),
        ("marketing", "GET", False),
        ("finance_x.sub", "GET", True),
    ):
        body = {"is_paused": True} if method == "PATCH" else None
        answer = client.open(f"{DAGS}/{dag}", method=method, headers=headers, json=body)
        assert (answer.status_code == 403) is not allowed, (dag, method, answer.text)
