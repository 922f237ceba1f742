"""Tests of the routes below /auth."""

from __future__ import annotations

from http.cookies import SimpleCookie

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from astro_runtime_plugin.identity.pages.html import ADMIN_FIELD
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.errors import LoginError
from astro_runtime_plugin.identity.sessions.login import login_cookie_name
from astro_runtime_plugin.identity.sessions.session import EndReason
from testing.identity.memory_service import PROVIDER, MemoryService
from testing.identity.small_airflow3 import OTHER_SITE, PAGE, SCRIPT, SITE, browser_of, small_airflow3
from tests.unit.plugin.identity.airflow3.visits import CALLBACK, ME, enter, heading, set_up

LOGIN_COOKIE = login_cookie_name("s")


def test_airflows_login_leads_to_the_provider(anonymous: TestClient) -> None:
    first = anonymous.get("/api/v2/auth/login", params={"next": f"{SITE}/dags/a"}, headers=PAGE)
    assert first.headers["location"] == "/auth/login?next=http%3A%2F%2Ftestserver%2Fdags%2Fa"
    second = anonymous.get(first.headers["location"], headers=PAGE)
    assert second.status_code == 302
    assert second.headers["location"] == f"{PROVIDER}/auth?redirect_uri={SITE}/auth/oidc-callback"
    cookie = SimpleCookie(second.headers["set-cookie"])[LOGIN_COOKIE]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"]) == ("/auth/oidc-callback", True, "lax")


@pytest.mark.parametrize(
    ("next_url", "target"),
    [
        ("/dags/a?tab=runs&x=1", "/dags/a?tab=runs&x=1"),
        (f"{SITE}/dags/a", "/dags/a"),
        ("", "/"),
        ("https://evil.example.com/", "/"),
        ("//evil.example.com/", "/"),
        ("/\\evil.example.com/", "/"),
        ("/%2f%2fevil.example.com", "/"),
        ("javascript:alert(1)", "/"),
        (f"{SITE}.evil.example.com/", "/"),
    ],
)
def test_login_comes_back_to_a_page_of_this_site_only(
    anonymous: TestClient, service: MemoryService, next_url: str, target: str
) -> None:
    response = enter(anonymous, service, Grant("Viewer"), next_url)
    assert (response.status_code, response.headers["location"]) == (303, target)
    again = anonymous.get("/auth/login", params={"next": next_url}, headers=PAGE)
    assert (again.status_code, again.headers["location"]) == (302, target)


def test_session_cookie_is_for_the_browser_only(anonymous: TestClient, service: MemoryService) -> None:
    response = enter(anonymous, service, Grant("Viewer"))
    cookies = SimpleCookie()
    for header in response.headers.get_list("set-cookie"):
        cookies.load(header)
    session = cookies["_token"]
    assert (session["path"], session["httponly"], session["samesite"]) == ("/", True, "lax")
    assert (session["secure"], session["max-age"]) == ("", "")  # plain http; until the browser is closed
    assert cookies[LOGIN_COOKIE]["max-age"] == "0"


def test_session_cookie_is_secure_below_https(app: FastAPI, service: MemoryService) -> None:
    client = TestClient(app, base_url="https://testserver", follow_redirects=False)
    response = enter(client, service, Grant("Viewer"))
    assert all(
        "; Secure" in cookie for cookie in response.headers.get_list("set-cookie") if "_token=" in cookie
    )


def test_configured_address_beats_the_host_header(
    anonymous: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW__API__BASE_URL", "https://airflow.example.com/")
    response = anonymous.get("/auth/login", headers={**PAGE, "Host": "evil.example.com"})
    assert response.headers["location"].endswith("=https://airflow.example.com/auth/oidc-callback")
    assert "; Secure" in response.headers["set-cookie"]


def test_user_without_a_role_sees_why(anonymous: TestClient, service: MemoryService) -> None:
    response = enter(anonymous, service, Grant())
    assert (response.status_code, heading(response)) == (403, "You have no access to this Airflow")
    assert "cook" in response.text
    assert "_token" not in anonymous.cookies
    assert "script-src 'self'" in response.headers["content-security-policy"]


def test_callback_of_another_browser_is_refused(anonymous: TestClient, service: MemoryService) -> None:
    service.add("code", "ann", Grant("Admin"))
    response = anonymous.get(CALLBACK, headers=PAGE)
    assert (response.status_code, heading(response)) == (400, "The login did not succeed")
    assert "_token" not in anonymous.cookies


def test_callback_a_second_time_goes_to_the_start_page(client: TestClient) -> None:
    response = client.get(CALLBACK, headers=PAGE)
    assert (response.status_code, response.headers["location"]) == (302, "/")


def test_login_replaces_the_session(client: TestClient, service: MemoryService) -> None:
    before = client.cookies["_token"]
    client.cookies.set(LOGIN_COOKIE, "cookie", path="/auth/oidc-callback")
    assert client.get(CALLBACK, headers=PAGE).status_code == 303
    assert client.cookies["_token"] != before


@pytest.mark.parametrize(("code", "status"), [("away", 503), ("database", 503), ("provider", 400)])
def test_failure_is_a_page(anonymous: TestClient, service: MemoryService, code: str, status: int) -> None:
    service.error = LoginError(code, "what <happened>")
    response = anonymous.get("/auth/login?next=/dags/finance_pay", headers=PAGE)
    assert response.status_code == status
    assert "what &lt;happened&gt;" in response.text
    assert 'href="/auth/login?next=/dags/finance_pay"' in response.text
    assert 'action="/auth/admin-token"' in response.text


def test_logout_ends_the_session_and_goes_to_the_provider(client: TestClient, service: MemoryService) -> None:
    response = client.get("/auth/logout", headers=PAGE)
    assert response.headers["location"] == f"{PROVIDER}/end?to={SITE}/auth/ended"
    assert service.ended == [("session-0", EndReason.LOGOUT, f"{SITE}/auth/ended")]
    page = client.get("/auth/ended", headers=OTHER_SITE)
    assert heading(page) == EndReason.LOGOUT.text
    assert "_token" not in client.cookies


def test_airflows_logout_ends_the_session(client: TestClient, service: MemoryService) -> None:
    response = client.get("/api/v2/auth/logout", headers=PAGE)
    assert response.headers["location"] == f"{PROVIDER}/end?to={SITE}/auth/ended"
    assert service.ended == [("session-0", EndReason.LOGOUT, f"{SITE}/auth/ended")]


def test_logout_that_is_interrupted_is_finished_once(client: TestClient) -> None:
    client.get("/auth/logout", headers=PAGE)
    assert client.get(ME, headers=SCRIPT).json() == {"detail": EndReason.LOGOUT.text}
    first = client.get("/auth/login", headers=PAGE)
    assert first.headers["location"] == f"{PROVIDER}/end?to={SITE}/auth/ended"
    assert "_token" in client.cookies
    second = client.get("/auth/login", headers=PAGE)
    assert (second.status_code, heading(second)) == (200, EndReason.LOGOUT.text)
    third = client.get("/auth/login", headers=PAGE)
    assert third.headers["location"].startswith(f"{PROVIDER}/auth")


@pytest.mark.parametrize("path", ["/auth/logout", "/api/v2/auth/logout"])
def test_logout_counts_at_once_in_a_process_that_does_not_know_it(
    client: TestClient, service: MemoryService, path: str
) -> None:
    before = dict(service.sessions)
    client.get(path, headers=PAGE)
    service.sessions.update(before)  # another process of the web server
    assert client.get(ME, headers=SCRIPT).json() == {"detail": EndReason.LOGOUT.text}
    page = client.get("/auth/ended", headers=OTHER_SITE)
    assert heading(page) == EndReason.LOGOUT.text
    assert dict(client.cookies) == {}


def test_logout_of_another_browser_is_not_repeated_here(client: TestClient, service: MemoryService) -> None:
    service.end("session-0")
    assert heading(client.get("/auth/login", headers=PAGE)) == EndReason.LOGOUT.text


def test_logout_without_a_session_is_a_page(anonymous: TestClient) -> None:
    response = anonymous.post("/auth/logout", headers={**PAGE, "Origin": SITE})
    assert response.headers["location"] == "/auth/ended"
    assert heading(anonymous.get("/auth/ended", headers=PAGE)) == EndReason.LOGOUT.text


def test_admin_token_logs_in_once(anonymous: TestClient, service: MemoryService) -> None:
    service.add("broken-glass", "admin", Grant("Admin"))
    form = {ADMIN_FIELD: "broken-glass"}
    assert anonymous.get("/auth/admin-token", headers=PAGE).status_code == 200
    assert anonymous.post("/auth/admin-token", data=form, headers=OTHER_SITE).status_code == 403
    wrong = anonymous.post("/auth/admin-token", data={ADMIN_FIELD: "wrong"}, headers=PAGE)
    assert (wrong.status_code, heading(wrong)) == (400, "The admin token was not accepted")
    assert anonymous.post("/auth/admin-token", data=form, headers=PAGE).status_code == 303
    assert anonymous.get(ME, headers=SCRIPT).json() == {"name": "admin", "role": "Admin"}


@pytest.mark.usefixtures("service")
def test_admin_token_is_off_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, ADMIN_TOKENS="")
    anonymous = browser_of(small_airflow3())
    assert anonymous.get("/auth/admin-token", headers=PAGE).status_code == 404
    assert "admin-token" not in anonymous.get("/auth/ended", headers=PAGE).text


def test_back_channel_logout(client: TestClient) -> None:
    refused = client.post("/auth/backchannel-logout", data={"logout_token": "nonsense"})
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_request"
    done = client.post("/auth/backchannel-logout", data={"logout_token": "logout"})
    assert (done.status_code, done.headers["cache-control"]) == (200, "no-store")
    assert client.get(ME, headers=SCRIPT).json() == {"detail": EndReason.PROVIDER.text}


@pytest.mark.usefixtures("service")
def test_proxy_alone_has_no_login(monkeypatch: pytest.MonkeyPatch) -> None:
    set_up(monkeypatch, OIDC_ISSUER="", OIDC_CLIENT_ID="")
    response = browser_of(small_airflow3()).get("/auth/login", headers=PAGE)
    assert response.status_code == 400
    assert "behind a proxy" in response.text
