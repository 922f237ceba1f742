"""Tests of identity/airflow3/middleware.py: ended sessions, several cookies, the proxy, other sites."""

from __future__ import annotations

import json
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from astro_runtime_plugin.identity.airflow3.peer import note_peers
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.session import EndReason, SessionState
from testing.identity.memory_service import MemoryService
from testing.identity.small_airflow3 import OTHER_SITE, PAGE, SCRIPT, SITE, browser_of
from tests.unit.plugin.identity.airflow3.visits import ME, PROXY_HEADER, enter, heading

PROXY_PEER = "10.1.2.3"
BY_PROXY = {**SCRIPT, PROXY_HEADER: "proxy-token"}


def end_sessions(service: MemoryService, reason: EndReason) -> None:
    for session_id in service.sessions:
        service.sessions[session_id] = SessionState(end_reason=reason)


@pytest.fixture
def proxy(app: FastAPI, service: MemoryService) -> TestClient:
    """The trusted proxy, which has logged in the Op `petra`."""
    service.add("proxy-token", "petra", Grant("Op"))
    return browser_of(app, PROXY_PEER)


def test_session_is_the_user(client: TestClient) -> None:
    assert client.get(ME, headers=SCRIPT).json() == {"name": "ann", "role": "Viewer"}


def test_role_of_the_moment_counts(client: TestClient, service: MemoryService) -> None:
    assert client.get("/api/v2/config", headers=SCRIPT).status_code == 403
    ((session_id, state),) = service.sessions.items()
    assert state.session
    new = type(state.session)(**{**vars(state.session), "grant": Grant("Op")})
    service.sessions[session_id] = SessionState(new)
    assert client.get("/api/v2/config", headers=SCRIPT).status_code == 200


@pytest.mark.parametrize(
    "reason", [EndReason.EXPIRED, EndReason.PROVIDER, EndReason.ROLES, EndReason.UNKNOWN]
)
def test_session_that_has_ended_is_401_with_the_reason(
    client: TestClient, service: MemoryService, reason: EndReason
) -> None:
    end_sessions(service, reason)
    response = client.get(ME, headers=SCRIPT)
    assert (response.status_code, response.json()) == (401, {"detail": reason.text})
    assert "set-cookie" not in response.headers  # the login page still needs it, to say why
    assert client.get("/api/v2/version", headers=SCRIPT).status_code == 200
    page = client.get("/auth/login?next=/dags/a", headers=PAGE)
    assert heading(page) == reason.text
    assert 'href="/auth/login?next=/dags/a"' in page.text
    assert client.cookies.get("_token") is None


def test_unreachable_database_is_503_and_ends_nothing(client: TestClient, service: MemoryService) -> None:
    end_sessions(service, EndReason.UNAVAILABLE)
    assert client.get(ME, headers=SCRIPT).status_code == 503
    page = client.get("/auth/login", headers=PAGE)
    assert (page.status_code, heading(page)) == (503, EndReason.UNAVAILABLE.text)
    assert client.cookies.get("_token")


def test_bearer_beside_an_ended_session_counts(client: TestClient, service: MemoryService) -> None:
    end_sessions(service, EndReason.EXPIRED)
    service.add("access-token", "otto", Grant("Op"))
    response = client.get(ME, headers={**SCRIPT, "Authorization": "Bearer access-token"})
    assert response.json()["name"] == "otto"
    wrong = client.get(ME, headers={**SCRIPT, "Authorization": "Bearer other"})
    assert wrong.json() == {"detail": "The token is not of this provider."}


def test_unknown_cookie_of_another_path_does_not_hide_the_session(client: TestClient) -> None:
    token = client.cookies["_token"]
    client.cookies.clear()
    for cookies in (f"_token=old; _token={token}", f"a=1; _token={token}; _token=x.y.z; b=2"):
        response = client.get(ME, headers={**SCRIPT, "Cookie": cookies})
        assert response.status_code == 200, cookies


def test_many_cookies_are_not_all_looked_at(client: TestClient) -> None:
    token = client.cookies["_token"]
    client.cookies.clear()
    cookies = "; ".join(["_token=a.b.c"] * 50 + [f"_token={token}"])
    assert client.get(ME, headers={**SCRIPT, "Cookie": cookies}).status_code == 401


def test_task_api_is_left_alone(client: TestClient, service: MemoryService) -> None:
    end_sessions(service, EndReason.EXPIRED)
    assert client.get("/execution/cookie", headers=SCRIPT).json() == "untouched"


def test_link_of_another_site_to_the_logout_asks_first(client: TestClient, service: MemoryService) -> None:
    response = client.get("/api/v2/auth/logout", headers=OTHER_SITE)
    assert (response.status_code, response.headers["location"]) == (302, "/auth/logout")
    page = client.get("/auth/logout", headers=OTHER_SITE)
    assert heading(page) == "Log out of Airflow?"
    assert service.ended == []
    assert client.post("/auth/logout", headers=OTHER_SITE).status_code == 403
    assert service.ended == []


def test_proxy_names_the_user(proxy: TestClient) -> None:
    assert proxy.get(ME, headers=BY_PROXY).json() == {"name": "petra", "role": "Op"}
    with_scheme = {**SCRIPT, PROXY_HEADER: "Bearer proxy-token"}
    assert proxy.get(ME, headers=with_scheme).json() == {"name": "petra", "role": "Op"}


def test_proxy_beats_the_cookie(proxy: TestClient, service: MemoryService) -> None:
    enter(proxy, service, Grant("Viewer"))
    assert proxy.get(ME, headers=BY_PROXY).json()["name"] == "petra"
    assert proxy.get(ME, headers=SCRIPT).json()["name"] == "ann"


def test_header_from_elsewhere_is_nothing(anonymous: TestClient, service: MemoryService) -> None:
    service.add("proxy-token", "petra", Grant("Op"))
    response = anonymous.get(ME, headers=BY_PROXY)
    assert (response.status_code, response.json()) == (401, {"detail": "Not authenticated"})


def test_two_headers_are_nothing(proxy: TestClient) -> None:
    headers = [(PROXY_HEADER, "proxy-token"), (PROXY_HEADER, "proxy-token")]
    assert proxy.get(ME, headers=headers).status_code == 401


def test_header_with_a_wrong_signature_is_nothing_but_the_reason(
    proxy: TestClient, service: MemoryService
) -> None:
    wrong = {**SCRIPT, PROXY_HEADER: "forged"}
    response = proxy.get(ME, headers=wrong)
    assert response.status_code == 401
    assert response.json() == {"detail": "The proxy's token is refused: The token is not of this provider."}
    enter(proxy, service, Grant("Viewer"))
    assert proxy.get(ME, headers=wrong).json()["name"] == "ann"


def test_proxy_user_without_a_role_is_403(proxy: TestClient, service: MemoryService) -> None:
    service.add("proxy-token", "nora", Grant())
    script = proxy.get("/api/v2/version", headers=BY_PROXY)
    assert (script.status_code, "nora" in script.json()["detail"]) == (403, True)
    page = proxy.get("/", headers={**PAGE, PROXY_HEADER: "proxy-token"})
    assert (page.status_code, heading(page)) == (403, "You have no access to this Airflow")


def test_other_site_changes_nothing_through_the_proxy(proxy: TestClient) -> None:
    headers = {**BY_PROXY, **OTHER_SITE}
    assert proxy.post(ME, headers=headers).status_code == 403
    assert proxy.get(ME, headers=headers).status_code == 200
    assert (
        proxy.post(ME, headers={**BY_PROXY, "Sec-Fetch-Site": "same-origin", "Origin": SITE}).status_code
        == 200
    )
    assert proxy.post(ME, headers={PROXY_HEADER: "proxy-token"}).status_code == 200  # a program


@pytest.mark.parametrize(
    ("peer", "status"), [(PROXY_PEER, 200), ("192.0.2.1", 401), (f"::ffff:{PROXY_PEER}", 200)]
)
def test_forwarded_address_does_not_make_a_proxy(
    app: FastAPI, service: MemoryService, peer: str, status: int
) -> None:
    """Airflow's --proxy-headers believes X-Forwarded-For of everybody, or of nobody."""
    service.add("proxy-token", "petra", Grant("Op"))
    note_peers()
    around: Any = ProxyHeadersMiddleware(app, "*")  # type: ignore[arg-type]
    client = browser_of(around, peer)
    assert client.get(ME, headers={**BY_PROXY, "X-Forwarded-For": PROXY_PEER}).status_code == status
    assert client.get(ME, headers={**BY_PROXY, "X-Forwarded-For": "192.0.2.7"}).status_code == status


def test_401_of_a_large_answer_is_replaced_whole(client: TestClient, service: MemoryService) -> None:
    end_sessions(service, EndReason.ROLES)
    response = client.get(ME, headers=SCRIPT)
    assert int(response.headers["content-length"]) == len(response.content)
    assert json.loads(response.content) == {"detail": EndReason.ROLES.text}
