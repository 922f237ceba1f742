"""Visitors of a site: browsers that come through nginx, and programs and a trusted proxy that come directly.

The trusted proxy's requests come from the address `PROXY`, all others from 127.0.0.1.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from testing.identity.live.paths import PATHS
from testing.identity.live.site import Site
from testing.identity.login_provider import LoginProvider, log_in
from testing.installed_line import LINE

PROXY, PROXY_HEADER, PROXY_AUDIENCE = "127.0.0.9", "X-Auth-Token", "airflow-behind-proxy"
LOGIN = {"3.3": "/auth/login", "2.11": "/login/"}[LINE]
FOR_VIEWERS, FOR_OPS, CONFIGURATION = (f"{PATHS.api}/{name}" for name in ("dags", "connections", "config"))
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "none"}


def proxy_variables(proxy: LoginProvider) -> dict[str, str]:
    """Return the settings of a proxy whose tokens `proxy` signs; and Airflow's own that shows settings to users."""
    ours = {
        "proxy_jwt_header": PROXY_HEADER,
        "proxy_jwks_url": f"{proxy.issuer}/keys",
        "proxy_jwt_issuer": proxy.issuer,
        "proxy_jwt_audience": PROXY_AUDIENCE,
        "proxy_addresses": PROXY,
    }
    expose = {"3.3": "AIRFLOW__API__EXPOSE_CONFIG", "2.11": "AIRFLOW__WEBSERVER__EXPOSE_CONFIG"}[LINE]
    variables = {f"AIRFLOW__ASTRO_RUNTIME__{name.upper()}": text for name, text in ours.items()}
    return {**variables, expose: "non-sensitive-only"}


def proxy_token(proxy: LoginProvider, user: str = "ann", **claims: Any) -> str:
    """Return a token as the proxy sets it."""
    return proxy.id_token(user, **{"aud": PROXY_AUDIENCE, **claims})


def status(client: httpx.Client, token: str | None = None, path: str = FOR_VIEWERS) -> int:
    """Return the status of a request to the REST API, by default to one that viewers may make."""
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return client.get(path, headers=headers).status_code


@dataclass(frozen=True)
class Visitors:
    """Opens clients without cookies, which follow no redirect."""

    site: Site

    def program(self, address: str = "127.0.0.1") -> httpx.Client:
        """Return a client that asks the web server itself, from an address of this machine."""
        url = f"http://127.0.0.1:{self.site.port}{urlsplit(self.site.url).path}"
        transport = httpx.HTTPTransport(local_address=address)
        return httpx.Client(base_url=url, timeout=300, transport=transport)

    def browser(self) -> httpx.Client:
        """Return a client that comes through nginx, as browsers do."""
        return httpx.Client(base_url=self.site.url, timeout=300, verify=False)

    def begin_login(self, browser: httpx.Client, user: str, next_url: str = "/") -> dict[str, str]:
        """Log a user in at the provider; return the query with which the provider sends the browser back."""
        begun = browser.get(LOGIN, params={"next": next_url}, headers=PAGE)
        assert begun.status_code in (302, 303), begun.text
        return log_in(begun.headers["location"], user)

    def finish_login(self, browser: httpx.Client, query: Mapping[str, str]) -> httpx.Response:
        """Return the answer to the provider's redirect."""
        return browser.get(PATHS.callback, params=dict(query), headers=PAGE)

    @contextmanager
    def logged_in(self, user: str) -> Iterator[httpx.Client]:
        """Yield a browser in which a user is logged in."""
        with self.browser() as browser:
            entered = self.finish_login(browser, self.begin_login(browser, user))
            assert entered.status_code in (302, 303), entered.text
            assert status(browser) == 200
            yield browser
