"""Tests of a trusted proxy that is not ours: Apache with mod_auth_openidc logs users in, and passes their token on."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest

from testing.identity.live.apache_proxy import apache_proxy
from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.live.visitors import (
    CONFIGURATION,
    FOR_OPS,
    FOR_VIEWERS,
    PAGE,
    PROXY_AUDIENCE,
    PROXY_HEADER,
    proxy_token,
    status,
)
from testing.identity.login_provider import LoginProvider


@pytest.fixture
def apache(site: Site, proxy: LoginProvider) -> Iterator[str]:
    """The URL of Airflow behind Apache, whose users log in at `proxy`."""
    proxy.client_id = PROXY_AUDIENCE
    with apache_proxy(site.port, proxy) as url:
        yield url + urlsplit(site.url).path


@pytest.mark.parametrize(("user", "expected"), [("vera", (200, 403, 403)), ("otto", (200, 200, 200))])
def test_role_is_that_of_the_user_who_logs_in_at_apache(
    apache: str, proxy: LoginProvider, user: str, expected: tuple[int, ...]
) -> None:
    proxy.login_as = user
    stolen = {PROXY_HEADER: proxy_token(proxy, "ann")}  # what a browser sends itself does not reach Airflow
    with httpx.Client(base_url=apache, timeout=300, headers=stolen, follow_redirects=True) as browser:
        page = browser.get(PATHS.home, headers=PAGE)
        assert (page.status_code, str(page.url)) == (200, apache + PATHS.home)
        assert "astro-runtime" in page.text  # the footer, or its script
        assert tuple(status(browser, path=path) for path in (FOR_VIEWERS, FOR_OPS, CONFIGURATION)) == expected


def test_logout_ends_the_session_of_apache_and_of_its_provider(apache: str, proxy: LoginProvider) -> None:
    proxy.login_as = "vera"
    with httpx.Client(base_url=apache, timeout=300) as browser:
        assert browser.get(PATHS.home, headers=PAGE, follow_redirects=True).status_code == 200
        assert status(browser) == 200
        ended = browser.get(PATHS.ended, headers=PAGE)  # where a logout of Airflow's leads
        at_provider = browser.get(ended.headers["location"])
        assert at_provider.headers["location"].startswith(f"{proxy.issuer}/logout?")
        assert status(browser) == 302  # to the login
