"""What the tests of this folder do with a browser."""

from __future__ import annotations

import html
import json

import pytest
from airflow.api_fastapi.app import _AuthManagerState
from fastapi.testclient import TestClient
from httpx import Response

from astro_runtime_plugin.identity.roles.grant import Grant
from entrypoint.identity import RUNTIME_MANAGER
from testing.identity.memory_service import MemoryService
from testing.identity.small_airflow3 import PAGE

PROXY_HEADER = "X-Proxy-Token"
CALLBACK = "/auth/oidc-callback?state=s&code=code"
ME = "/api/v2/me"
SETTINGS = {
    "OIDC_ISSUER": "https://provider.example.com",
    "OIDC_CLIENT_ID": "airflow",
    "OIDC_ROLES": json.dumps({"claim": "groups", "Admin": ["admins"]}),
    "ADMIN_TOKENS": "True",
    "PROXY_JWT_HEADER": PROXY_HEADER,
    "PROXY_JWKS_URL": "https://proxy.example.com/keys",
    "PROXY_JWT_ISSUER": "https://proxy.example.com",
    "PROXY_JWT_AUDIENCE": "airflow",
    "PROXY_ADDRESSES": "10.0.0.0/8",
}


def set_up(monkeypatch: pytest.MonkeyPatch, **changes: str) -> None:
    """Set the provider, the proxy and the auth manager, as an operator does."""
    monkeypatch.setenv("AIRFLOW__CORE__AUTH_MANAGER", RUNTIME_MANAGER["3.3"])
    monkeypatch.setattr(_AuthManagerState, "instance", None)
    for name, value in {**SETTINGS, **changes}.items():
        monkeypatch.setenv(f"AIRFLOW__ASTRO_RUNTIME__{name}", value)


def enter(client: TestClient, service: MemoryService, grant: Grant, next_url: str = "") -> Response:
    """Log the user `ann` in, and return the callback's response."""
    service.add("code", "ann", grant)
    client.get("/auth/login", params={"next": next_url}, headers=PAGE)
    response: Response = client.get(CALLBACK, headers=PAGE)
    return response


def heading(response: Response) -> str:
    """Return the first heading of a page."""
    return html.unescape(response.text.partition("<h1>")[2].partition("</h1>")[0])
