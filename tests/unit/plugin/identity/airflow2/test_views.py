"""Tests of the login, the callback, the logout and what programs call, in Airflow's own web application."""

from __future__ import annotations

import re
import time

import pytest
from flask.testing import FlaskClient

from astro_runtime_plugin.identity.airflow2 import addresses
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions.errors import LoginError
from astro_runtime_plugin.identity.sessions.session import EndReason
from testing.identity.flask_browser import BASE, CALLBACK, PAGE, cookie, csrf_token, log_in
from testing.identity.memory_service import PROVIDER, MemoryService

VIEWER = Grant("Viewer")
ADMIN_TOKEN = f"{BASE}/identity/admin-token"


def test_visitor_goes_to_the_provider_and_back_to_the_page(
    client: FlaskClient, service: MemoryService
) -> None:
    page = client.get(f"{BASE}/dags/x/grid?tab=graph", headers=PAGE)
    assert page.headers["Location"] == f"{BASE}/login/?next={BASE}/dags/x/grid?tab%3Dgraph"
    start = client.get(page.headers["Location"])
    callback = "https://airflow.example.com/air/oauth-authorized/astro-runtime"
    assert start.headers["Location"] == f"{PROVIDER}/auth?redirect_uri={callback}"
    service.add("code", "ann", VIEWER)
    done = client.get(CALLBACK)
    assert (done.status_code, done.headers["Location"]) == (302, f"{BASE}/dags/x/grid?tab=graph")
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 200


def test_session_names_no_row_that_another_auth_manager_would_take(
    client: FlaskClient, service: MemoryService
) -> None:
    log_in(client, service, VIEWER)
    with client.session_transaction() as session:
        assert "_user_id" not in session
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 200


def test_cookie_of_a_login_is_bound_and_ends_with_it(client: FlaskClient, service: MemoryService) -> None:
    set_cookie = client.get(f"{BASE}/login/").headers["Set-Cookie"]
    for part in ("HttpOnly", "Secure", "SameSite=Lax", "Max-Age=600", "Path=/air/oauth-authorized/"):
        assert part in set_cookie
    service.add("code", "ann", VIEWER)
    cookies = client.get(CALLBACK).headers.getlist("Set-Cookie")
    assert any("astro_runtime_login_" in line and "Max-Age=0" in line for line in cookies)
    assert not any("remember_token" in line for line in cookies)


@pytest.mark.parametrize(
    "next_url",
    ["https://evil.example.com/", "//evil.example.com", "/\\evil.example.com", "javascript:alert(1)", ""],
)
def test_login_never_leads_to_another_site(
    client: FlaskClient, service: MemoryService, next_url: str
) -> None:
    assert log_in(client, service, VIEWER, next_url).headers["Location"] == f"{BASE}/"
    again = client.get(f"{BASE}/login/", query_string={"next": next_url})
    assert again.headers["Location"] == f"{BASE}/"


def test_session_id_changes_at_the_login(client: FlaskClient, service: MemoryService) -> None:
    client.get(f"{BASE}/identity/admin-token")
    client.get(f"{BASE}/login/")
    with client.session_transaction(path=f"{BASE}/home") as before:
        before["planted"] = "by somebody else"
    known = cookie(client)
    log_in(client, service, Grant("Admin"))
    assert cookie(client) != known
    thief = client.application.test_client()
    thief.set_cookie("session", known, domain="localhost", path="/")
    assert thief.get(f"{BASE}/home", headers=PAGE).status_code == 302
    with client.session_transaction(path=f"{BASE}/home") as after:
        assert "planted" not in after


@pytest.mark.parametrize("path", ["/connection/list/", "/configuration", "/variable/add", "/users/list/"])
def test_page_that_a_user_may_not_see_is_no_loop(
    client: FlaskClient, service: MemoryService, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setattr(addresses, "origin", lambda: "http://localhost")
    log_in(client, service, VIEWER, f"{BASE}{path}")
    page = client.get(BASE + path, headers=PAGE, follow_redirects=True)
    assert len(page.history) <= 3
    assert page.request.path in (f"{BASE}/home", BASE + path)


def test_deep_link_to_a_list_of_fabs_comes_back(client: FlaskClient, service: MemoryService) -> None:
    inside = {**PAGE, "Host": "webserver.internal:8080"}
    page = client.get(f"{BASE}/pool/list/?_flt_0_pool=x", headers=inside)
    client.get(page.headers["Location"], headers=inside)
    assert service.next_path == "/pool/list/?_flt_0_pool=x"


def test_second_login_ends_the_first(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, VIEWER)
    client.get(CALLBACK.replace("state=s", "state=s"))
    client.get(f"{BASE}/login/")
    service.begin_login("/", "")
    client.set_cookie(
        "astro_runtime_login_043a718774c5",
        "x",
        domain="localhost",
        path="/air/oauth-authorized/astro-runtime",
    )
    client.get(CALLBACK)
    assert ("session-0", EndReason.LOGOUT, "") in service.ended


def test_callback_without_the_browsers_login_fails(client: FlaskClient, service: MemoryService) -> None:
    service.add("code", "ann", Grant("Admin"))
    page = client.get(CALLBACK)
    assert (page.status_code, "No login of this browser fits." in page.text) == (400, True)
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 302


def test_callback_again_leads_a_logged_in_user_to_the_start(
    client: FlaskClient, service: MemoryService
) -> None:
    log_in(client, service, VIEWER)
    again = client.get(CALLBACK)
    assert (again.status_code, again.headers["Location"]) == (302, f"{BASE}/")


def test_user_without_a_role_sees_why_and_no_loop(client: FlaskClient, service: MemoryService) -> None:
    page = log_in(client, service, Grant())
    assert page.status_code == 403
    for text in ("ann", "cook", "roles: Admin for admin"):
        assert text in page.text
    assert client.get(f"{BASE}/home", headers=PAGE).headers["Location"].startswith(f"{BASE}/login/")


def test_provider_that_is_away_is_a_page(client: FlaskClient, service: MemoryService) -> None:
    service.error = LoginError("away", "The provider <does> not answer.")
    page = client.get(f"{BASE}/login/?next=/dags/x/grid")
    assert (page.status_code, "The provider &lt;does&gt; not answer." in page.text) == (503, True)
    assert "next=/air/dags/x/grid" in page.text


def test_logout_ends_the_session_here_and_at_the_provider(
    client: FlaskClient, service: MemoryService
) -> None:
    log_in(client, service, VIEWER)
    done = client.post(
        f"{BASE}/logout/",
        data={"csrf_token": csrf_token(client)},
        headers={"Referer": "https://localhost/"},
        base_url="https://localhost",
    )
    ended = "https://airflow.example.com/air/identity/ended"
    assert done.headers["Location"] == f"{PROVIDER}/end?to={ended}"
    assert service.ended == [("session-0", EndReason.LOGOUT, ended)]
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 302


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_logout_by_another_site_does_nothing(
    client: FlaskClient, service: MemoryService, method: str
) -> None:
    log_in(client, service, VIEWER)
    assert client.open(f"{BASE}/logout/", method=method, headers=PAGE).status_code in (400, 405)
    assert client.get(f"{BASE}/home", headers=PAGE).status_code == 200


def test_ended_page_says_why(client: FlaskClient) -> None:
    page = client.get(f"{BASE}/identity/ended?reason=roles&next=//evil.example.com")
    assert page.status_code == 200
    assert EndReason.ROLES.text in page.text
    assert f"{BASE}/login/?next={BASE}/" in page.text
    assert EndReason.UNKNOWN.text in client.get(f"{BASE}/identity/ended?reason=<script>").text


def test_back_channel_logout_ends_sessions(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, VIEWER)
    program = client.application.test_client()
    assert program.post(f"{BASE}/identity/backchannel-logout").status_code == 400
    done = program.post(f"{BASE}/identity/backchannel-logout", data={"logout_token": "logout"})
    assert done.status_code == 200
    assert EndReason.PROVIDER.text in client.get(f"{BASE}/home", headers=PAGE).text


def test_exchange_returns_a_token_for_the_api(client: FlaskClient, service: MemoryService) -> None:
    service.add("good", "robot", VIEWER)
    service.add("useless", "cook", Grant())
    began = time.time()
    answers = {
        name: client.post(f"{BASE}/identity/token", headers={"Authorization": f"Bearer {name}"})
        for name in ("good", "useless", "wrong")
    }
    assert {name: answer.status_code for name, answer in answers.items()} == {
        "good": 201,
        "useless": 403,
        "wrong": 401,
    }
    token = answers["good"].json
    assert token
    assert token["access_token"] == "good"
    assert 59 - (time.time() - began) < token["expires_in"] <= 60
    assert client.post(f"{BASE}/identity/token").status_code == 401


def test_admin_token_logs_in_by_a_form(client: FlaskClient, service: MemoryService) -> None:
    service.add("broken-glass", "root", Grant("Admin"))
    service.error = LoginError("away", "The provider does not answer.")
    page = client.get(f"{BASE}/login/")
    assert ADMIN_TOKEN in page.text
    assert client.post(ADMIN_TOKEN, data={"admin_token": "broken-glass"}).status_code == 400  # no CSRF token
    token = csrf_token(client, "/login/")
    https = {"base_url": "https://localhost", "headers": {"Referer": "https://localhost/"}}
    wrong = client.post(ADMIN_TOKEN, data={"admin_token": "wrong", "csrf_token": token}, **https)
    assert (wrong.status_code, "The token is not valid." in wrong.text) == (400, True)
    done = client.post(ADMIN_TOKEN, data={"admin_token": "broken-glass", "csrf_token": token}, **https)
    assert done.headers["Location"] == f"{BASE}/"


@pytest.mark.parametrize("role", ["Admin", "Viewer"])
def test_every_link_of_the_menu_leads_somewhere(
    client: FlaskClient, service: MemoryService, role: str
) -> None:
    """FAB's pages of users, roles and the own profile are not there, so the menu must not name them."""
    log_in(client, service, Grant(role))
    menu, _, _ = client.get(f"{BASE}/home", headers=PAGE).text.partition("</header>")
    links = set(re.findall(rf'href="({BASE}/(?!static/)[^"]*)"', menu))
    assert "Log Out" in menu
    assert "Profile" not in menu
    assert f"{BASE}/dagrun/list/" in links
    assert [link for link in links if client.get(link, headers=PAGE).status_code >= 400] == []
