"""A web server of the line under test that logs users in at a provider, and how browsers and programs reach it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from testing.identity.live.home import home_environment
from testing.identity.live.paths import PATHS
from testing.identity.live.tls_proxy import tls_proxy
from testing.identity.login_provider import API_AUDIENCE, CLIENT_ID, CLIENT_SECRET
from testing.installed_line import LINE
from testing.servers import free_port
from testing.web.web_server import run_web_server

PREFIX = "/team/airflow"
RULES = (
    '{"claim": "groups", "Admin": ["airflow-admins"], "Op": ["airflow-ops"], "User": ["airflow-users"],'
    ' "Viewer": ["airflow-viewers"], "dags": {"finance_*": {"edit": ["finance"]}}}'
)


@dataclass(frozen=True)
class Site:
    """A running web server: `url` is that of browsers, without a slash at its end, `port` its own, without TLS."""

    url: str
    port: int
    environ: Mapping[str, str]
    log: Path

    @property
    def api(self) -> str:
        """The URL of Airflow's REST API."""
        return self.url + PATHS.api

    def get(self, path: str, token: str, **headers: str) -> httpx.Response:
        """Return the answer to a program with a Bearer token."""
        authorization = {"Authorization": f"Bearer {token}", **headers}
        return httpx.get(self.url + path, headers=authorization, verify=False, timeout=300)


def identity_environment(issuer: str, **variables: str) -> dict[str, str]:
    """Return the variables of a provider's settings, as an operator sets them."""
    return {
        "AIRFLOW__ASTRO_RUNTIME__OIDC_ISSUER": issuer,
        "AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_ID": CLIENT_ID,
        "AIRFLOW__ASTRO_RUNTIME__OIDC_CLIENT_SECRET": CLIENT_SECRET,
        "AIRFLOW__ASTRO_RUNTIME__OIDC_AUDIENCE": API_AUDIENCE,
        "AIRFLOW__ASTRO_RUNTIME__OIDC_ROLES": RULES,
        **variables,
    }


def web_words(port: int, home: Path) -> list[str]:
    """Return the command of the line's web server."""
    if LINE == "3.3":
        return ["api-server", "--host", "127.0.0.1", "--port", str(port)]
    return ["webserver", "-H", "127.0.0.1", "-p", str(port), "--pid", str(home / f"webserver-{port}.pid")]


@contextmanager
def run_site(home: Path, variables: Mapping[str, str], workers: int = 2, tls: int = 0) -> Iterator[Site]:
    """Run the web server with `variables`, behind nginx (on the port `tls` if given), until the block's end."""
    port, tls = free_port(), tls or free_port()
    section = "API" if LINE == "3.3" else "WEBSERVER"
    own = {
        PATHS.base_setting: f"https://127.0.0.1:{tls}{PREFIX}",
        f"AIRFLOW__{section}__WORKERS": str(workers),
        f"AIRFLOW__{section}__ENABLE_PROXY_FIX": "True",
    }
    environ = {**home_environment(home), **own, **variables}
    log = home / f"web-{port}.log"
    health = f"http://127.0.0.1:{port}{PREFIX}{PATHS.health}"
    with (
        run_web_server(web_words(port, home), environ, health, log),
        tls_proxy(tls, port, PREFIX) as url,
    ):
        yield Site(url, port, environ, log)
