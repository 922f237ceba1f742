"""A browser of Airflow 2's web application in this process, which logs in at a MemoryService."""

from __future__ import annotations

import re
from typing import Any

from flask.testing import FlaskClient

from astro_runtime_plugin.identity.roles.grant import Grant
from testing.identity.memory_service import MemoryService

BASE = "/air"  # the path of `[webserver] base_url`
CALLBACK = f"{BASE}/oauth-authorized/astro-runtime?state=s&code=code"
PAGE = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
SCRIPT = {"Accept": "application/json, text/plain, */*"}
CSRF = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


def log_in(client: FlaskClient, service: MemoryService, grant: Grant, next_url: str = "") -> Any:
    """Log a user in, who is named `ann`; return the callback's response."""
    service.add("code", "ann", grant)
    client.get(f"{BASE}/login/", query_string={"next": next_url})
    return client.get(CALLBACK)


def csrf_token(client: FlaskClient, path: str = "/home") -> str:
    """Return the token that the forms of a page have."""
    found = CSRF.search(client.get(BASE + path, headers=PAGE).text)
    assert found
    return found[1]


def cookie(client: FlaskClient) -> str:
    """Return the value of the session's cookie."""
    value = client.get_cookie("session", path="/")
    assert value
    return value.value
