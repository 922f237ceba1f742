"""Tests of what a request gets whose session has ended: JSON for scripts, a page for people."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.session import EndReason, SessionState
from testing.identity.flask_browser import BASE, PAGE, SCRIPT, log_in
from testing.identity.memory_service import MemoryService

PATHS = ("/home", "/object/grid_data?dag_id=x", "/dags/x/grid", "/api/v1/dags", "/astro-runtime/api/runtime")


def end(service: MemoryService, reason: EndReason) -> None:
    service.sessions["session-0"] = SessionState(end_reason=reason)


@pytest.mark.parametrize("path", PATHS)
def test_script_gets_json_until_the_user_has_seen_why(
    client: FlaskClient, service: MemoryService, path: str
) -> None:
    log_in(client, service, Grant("Viewer"))
    end(service, EndReason.ROLES)
    for _ in range(2):
        answer = client.get(BASE + path, headers=SCRIPT)
        assert answer.status_code == 401
        assert answer.json
        assert (answer.json["reason"], answer.json["detail"]) == ("roles", EndReason.ROLES.text)
        assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_page_says_why_once_and_leads_back(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, Grant("Viewer"))
    end(service, EndReason.PROVIDER)
    page = client.get(f"{BASE}/dags/x/grid?tab=graph", headers=PAGE)
    assert (page.status_code, page.headers["Cache-Control"]) == (401, "no-store")
    assert EndReason.PROVIDER.text in page.text
    assert f"{BASE}/login/?next={BASE}/dags/x/grid?tab%3Dgraph" in page.text
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 302


def test_database_that_is_away_ends_no_session(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, Grant("Viewer"))
    alive = service.sessions["session-0"]
    end(service, EndReason.UNAVAILABLE)
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 503
    service.sessions["session-0"] = alive
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 200


@pytest.mark.parametrize("path", ["/health", "/robots.txt", "/static/pin_32.png", "/identity/ended"])
def test_public_paths_stay_public(client: FlaskClient, service: MemoryService, path: str) -> None:
    log_in(client, service, Grant("Viewer"))
    end(service, EndReason.EXPIRED)
    assert client.get(BASE + path, headers=PAGE).status_code == 200


def test_script_of_a_visitor_is_not_sent_to_the_provider(client: FlaskClient) -> None:
    answer = client.get(f"{BASE}/object/grid_data?dag_id=x", headers=SCRIPT)
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["reason"] == "anonymous"
    assert client.get(f"{BASE}/object/grid_data?dag_id=x", headers=PAGE).status_code == 302


def test_script_that_changes_something_gets_json_without_a_session(
    client: FlaskClient, service: MemoryService
) -> None:
    path = f"{BASE}/paused?is_paused=true&dag_id=x"
    assert client.post(path, headers=SCRIPT).status_code == 401
    log_in(client, service, Grant("Admin"))
    assert client.post(path, headers=SCRIPT).status_code == 400  # no CSRF token
    end(service, EndReason.EXPIRED)
    answer = client.post(path, headers=SCRIPT)
    assert answer.status_code == 401
    assert answer.json
    assert answer.json["reason"] == "expired"


def test_ids_of_rows_log_nobody_in(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, Grant("Admin"))
    stranger = client.application.test_client()
    with stranger.session_transaction(path=f"{BASE}/home") as session:
        session.update(_user_id="1", _fresh=True)
    assert stranger.get(f"{BASE}/home", headers=PAGE).status_code == 302


def test_fault_of_the_service_is_no_login(
    client: FlaskClient, service: MemoryService, monkeypatch: pytest.MonkeyPatch
) -> None:
    log_in(client, service, Grant("Admin"))
    monkeypatch.setattr(service, "check", lambda _: 1 / 0)
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 503
    answer = client.get(f"{BASE}/api/v1/dags", headers=SCRIPT)
    assert answer.status_code == 503
