"""Attacks on the login, the session and the logout, and a provider that is away, slow or out of step."""

from __future__ import annotations

import html as html_text
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from urllib.parse import parse_qs, urljoin, urlsplit

import httpx
import pytest

from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.live.visitors import FOR_OPS, LOGIN, PAGE, Visitors, status
from testing.identity.login_provider import Disturbance, LoginProvider, down, html, log_in
from testing.waiting import retry, wait_until

CROSS_SITE = {"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example.com"}
SESSION_COOKIES = ("_token", "session")
ELSEWHERE = [
    "https://evil.example.com/",
    "http://evil.example.com",
    "//evil.example.com",
    "///evil.example.com",
    "////evil.example.com//",
    "/\\evil.example.com",
    "\\\\evil.example.com",
    "/\t/evil.example.com",
    "/%09/evil.example.com",
    "/%2F%2Fevil.example.com",
    "/%5Cevil.example.com",
    "%2F%2Fevil.example.com",
    "/./../..//evil.example.com",
    "/team/airflow//evil.example.com",
    "/team/airflow/..//..//evil.example.com",
    "/team/airflow.evil.example.com",
    "javascript:alert(1)",
    "data:text/html,x",
    "https:evil.example.com",
    "https:/evil.example.com",
    "https://127.0.0.1@evil.example.com/",
    " //evil.example.com",
    "/\r\nLocation: https://evil.example.com",
    "/\u2028/evil.example.com",
    "／／evil.example.com",
    "https://evil。example。com",
]


def session_cookies(browser: httpx.Client) -> dict[str, str]:
    return {
        cookie.name: str(cookie.value) for cookie in browser.cookies.jar if cookie.name in SESSION_COOKIES
    }


def assert_stays(answer: httpx.Response, site: Site) -> None:
    """Assert that an answer leads to no other site, as a browser reads its address."""
    location = answer.headers["location"]
    assert "\r" not in location
    target = urlsplit(
        urljoin(str(answer.url), location.replace("\\", "/").replace("\t", "").replace("\n", ""))
    )
    own = urlsplit(site.url)
    assert (target.scheme, target.netloc) == (own.scheme, own.netloc), location
    assert target.path.startswith(own.path), location


@pytest.mark.parametrize("next_url", ELSEWHERE)
def test_login_leads_to_no_other_site(site: Site, visitors: Visitors, next_url: str) -> None:
    with visitors.browser() as browser:
        entered = visitors.finish_login(browser, visitors.begin_login(browser, "vera", next_url))
        assert entered.status_code in (302, 303)
        assert_stays(entered, site)
        again = browser.get(LOGIN, params={"next": next_url}, headers=PAGE)  # logged in already
        assert_stays(again, site)


def test_login_comes_back_to_the_page_that_was_asked_for(site: Site, visitors: Visitors) -> None:
    path = PATHS.dag.format(dag="finance_pay")
    with visitors.browser() as browser:
        entered = visitors.finish_login(
            browser, visitors.begin_login(browser, "vera", urlsplit(site.url).path + path)
        )
        assert urljoin(site.url, entered.headers["location"]) == site.url + path


def test_answer_of_the_provider_counts_once(visitors: Visitors) -> None:
    with visitors.browser() as browser, visitors.browser() as thief:
        query = visitors.begin_login(browser, "ann")
        cookies = httpx.Cookies(browser.cookies)
        assert visitors.finish_login(browser, query).status_code in (302, 303)
        thief.cookies = cookies
        assert_no_login(visitors, thief, query)
        assert status(browser) == 200


def assert_no_login(visitors: Visitors, browser: httpx.Client, query: dict[str, str]) -> None:
    """Assert that an answer of the provider logs nobody in, and that the page says so and offers another login."""
    answer = visitors.finish_login(browser, query)
    assert answer.status_code >= 400
    assert answer.headers["content-type"].startswith("text/html")
    assert LOGIN in html_text.unescape(answer.text)
    assert status(browser) == 401


def test_answer_of_another_browser_does_not_count(visitors: Visitors) -> None:
    """Login CSRF: somebody lets a victim end the attacker's login, to see what the victim does in that account."""
    with visitors.browser() as attacker, visitors.browser() as victim:
        query = visitors.begin_login(attacker, "uma")
        assert_no_login(visitors, victim, query)
        visitors.begin_login(victim, "vera")  # a login of its own is under way
        assert_no_login(visitors, victim, query)


def test_code_of_another_login_does_not_count(visitors: Visitors) -> None:
    """Code injection: PKCE and nonce bind a code to the browser that began the login."""
    with visitors.browser() as attacker, visitors.browser() as victim:
        stolen = visitors.begin_login(victim, "ann")
        own = visitors.begin_login(attacker, "nora")
        assert_no_login(visitors, attacker, {**own, "code": stolen["code"]})


@pytest.mark.parametrize(
    "changes",
    [
        {"state": ""},
        {"state": "x"},
        {"state": "é" * 20},
        {"state": "x" * 4000},
        {"iss": "https://id.example.com"},
        {"iss": ""},
        {"code": ""},
        {"code": "x" * 4000},
        {"error": "access_denied", "error_description": "<script>alert(1)</script>\nSet-Cookie: a=b"},
    ],
    ids=str,
)
def test_changed_answer_does_not_count(visitors: Visitors, changes: dict[str, str]) -> None:
    with visitors.browser() as browser:
        query = visitors.begin_login(browser, "ann")
        answer = visitors.finish_login(browser, {**query, **changes})
        assert answer.status_code >= 400
        assert "<script>alert" not in answer.text
        assert status(browser) == 401


def test_request_of_the_login_has_what_protects_it(visitors: Visitors) -> None:
    with visitors.browser() as browser:
        begun = browser.get(LOGIN, headers=PAGE)
    query = parse_qs(urlsplit(begun.headers["location"]).query)
    assert query["response_type"] == ["code"]
    assert query["code_challenge_method"] == ["S256"]
    assert {"state", "nonce", "code_challenge"} <= query.keys()
    cookies = [text for name, text in begun.headers.multi_items() if name == "set-cookie"]
    assert any("HttpOnly" in text and "Secure" in text and "samesite=lax" in text.lower() for text in cookies)


def test_login_gives_a_new_session(visitors: Visitors) -> None:
    """Session fixation: what a browser had before the login is worth nothing after it."""
    with visitors.browser() as attacker, visitors.browser() as victim:
        attacker.get(LOGIN, headers=PAGE)
        before = session_cookies(attacker)
        victim.cookies = httpx.Cookies(attacker.cookies)
        entered = visitors.finish_login(victim, visitors.begin_login(victim, "ann"))
        assert entered.status_code in (302, 303)
        assert status(victim) == 200
        assert all(value != before.get(name) for name, value in session_cookies(victim).items())
        assert status(attacker) == 401


def test_session_of_somebody_else_is_replaced_by_a_login(visitors: Visitors) -> None:
    with visitors.logged_in("ann") as first, visitors.browser() as second:
        assert status(first, path=FOR_OPS) == 200
        entered = visitors.finish_login(second, visitors.begin_login(second, "vera"))
        assert entered.status_code in (302, 303)
        assert session_cookies(first) != session_cookies(second)
        assert status(second, path=FOR_OPS) == 403


@pytest.mark.parametrize(
    "value", ["x", "ann", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.", "a.b.c", "x" * 3000]
)
def test_cookie_that_nobody_gave_is_nothing(visitors: Visitors, value: str) -> None:
    with visitors.browser() as browser:
        for name in SESSION_COOKIES:
            browser.cookies.set(name, value)
        assert status(browser) == 401


def test_changed_cookie_is_nothing(visitors: Visitors) -> None:
    with visitors.logged_in("vera") as browser, visitors.browser() as forger:
        for name, value in session_cookies(browser).items():
            forger.cookies.set(name, value[:-2] + ("AA" if value[-2:] != "AA" else "BB"))
        assert status(forger) == 401


def test_logout_ends_the_session_also_in_a_copy_of_the_cookie(visitors: Visitors) -> None:
    with visitors.logged_in("vera") as browser, visitors.browser() as copy:
        copy.cookies = httpx.Cookies(browser.cookies)
        assert status(copy) == 200
        left = log_out(browser)
        assert left.status_code in (302, 303)
        retry(
            lambda: assert_ended(browser, copy), AssertionError
        )  # another process learns of it within seconds


def assert_ended(*browsers: httpx.Client) -> None:
    assert {status(browser) for browser in browsers} == {401}


def log_out(browser: httpx.Client, **headers: str) -> httpx.Response:
    """Send the form with which a user logs out."""
    fields = {}
    if PATHS.home == "/home":  # Airflow 2: the page's forms have a token
        page = browser.get(PATHS.home, headers=PAGE).text
        fields["csrf_token"] = (
            page.partition('name="csrf_token"')[2].partition('value="')[2].partition('"')[0]
        )
    own = {
        "Origin": f"{browser.base_url.scheme}://{browser.base_url.netloc.decode()}",
        "Referer": str(browser.base_url),
    }
    return browser.post(
        PATHS.logout, data=fields, headers={"Sec-Fetch-Site": "same-origin", **own, **headers}
    )


@pytest.mark.parametrize("method", ["GET", "POST", "HEAD"])
def test_other_site_logs_nobody_out(visitors: Visitors, method: str) -> None:
    with visitors.logged_in("vera") as browser:
        browser.request(method, PATHS.logout, headers={**PAGE, **CROSS_SITE})
        assert status(browser) == 200


@pytest.mark.parametrize(("offset", "word"), [(300, "clock"), (-700, "clock")])
def test_clock_that_is_off_is_named(
    visitors: Visitors, provider: LoginProvider, offset: float, word: str
) -> None:
    provider.clock_offset = offset
    with visitors.browser() as browser:
        query = visitors.begin_login(browser, "vera")
        answer = visitors.finish_login(browser, query)
        assert answer.status_code >= 400
        assert word in answer.text.lower()
        assert status(browser) == 401


def test_clock_that_is_off_a_little_does_no_harm(visitors: Visitors, provider: LoginProvider) -> None:
    for offset in (20, -20):
        provider.clock_offset = offset
        with visitors.logged_in("vera") as browser:
            assert status(browser) == 200


@pytest.fixture
def at_work(visitors: Visitors) -> Iterator[httpx.Client]:
    """A browser of somebody who is logged in."""
    with visitors.logged_in("ann") as browser:
        yield browser


@pytest.mark.parametrize("disturbance", [down, html], ids=["down", "html"])
def test_who_is_in_stays_in_and_a_new_login_says_why_not(
    visitors: Visitors, provider: LoginProvider, at_work: httpx.Client, disturbance: Disturbance
) -> None:
    token = provider.access_token("vera")
    with visitors.browser() as browser, visitors.program() as program:
        query = visitors.begin_login(browser, "vera")
        with provider.disturbed(disturbance):
            assert [status(at_work), status(program, token)] == [200, 200]
            answer = visitors.finish_login(browser, query)
        assert answer.status_code >= 400
        assert "not available" in answer.text
        assert LOGIN in html_text.unescape(answer.text)
        assert status(at_work) == 200


def test_slow_provider_holds_up_nobody_else(
    visitors: Visitors, provider: LoginProvider, at_work: httpx.Client
) -> None:
    token = provider.access_token("vera")
    with ExitStack() as stack:
        browsers = [stack.enter_context(visitors.browser()) for _ in range(2)]
        program = stack.enter_context(visitors.program())
        queries = [visitors.begin_login(browser, "vera") for browser in browsers]
        logins = [
            threading.Thread(target=visitors.finish_login, args=pair)
            for pair in zip(browsers[:1], queries, strict=False)
        ]
        with provider.held("/token"):
            asked = provider.count("/token")
            for login in logins:
                login.start()
            wait_until(lambda: provider.count("/token") > asked)
            for _ in range(5):
                assert [status(at_work), status(program, token)] == [200, 200]
            assert all(login.is_alive() for login in logins)
        for login in logins:
            login.join()
    assert status(at_work) == 200


def test_no_authorized_request_asks_the_provider(
    visitors: Visitors, provider: LoginProvider, at_work: httpx.Client
) -> None:
    token = provider.access_token("vera")
    with visitors.program() as program:
        for _ in range(2):  # each of the two processes has seen both
            assert [status(at_work), status(program, token)] == [200, 200]
        before = len([path for _, path in provider.requests if path != "/token"])
        for _ in range(10):
            assert [status(at_work), status(program, token)] == [200, 200]
        assert len([path for _, path in provider.requests if path != "/token"]) == before


def test_provider_with_another_name_logs_nobody_in(visitors: Visitors, provider: LoginProvider) -> None:
    with visitors.browser() as browser:
        begun = browser.get(LOGIN, headers=PAGE)
        provider.stated_issuer = "https://id.example.com"
        assert_no_login(visitors, browser, log_in(begun.headers["location"], "ann"))
