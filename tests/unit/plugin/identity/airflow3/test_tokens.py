"""Tests of identity/airflow3/tokens.py: who a Bearer token is, and what a script's token lives on."""

from __future__ import annotations

import time

import jwt
import pytest
from airflow.api_fastapi.app import get_auth_manager
from airflow.models.revoked_token import RevokedToken
from fastapi import FastAPI
from fastapi.testclient import TestClient

from astro_runtime_plugin.identity.airflow3 import tokens
from astro_runtime_plugin.identity.airflow3.user import RuntimeUser
from astro_runtime_plugin.identity.roles.grant import DagRule, Grant
from astro_runtime_plugin.identity.sessions.session import EndReason, SessionState
from testing.identity.memory_service import MemoryService
from testing.identity.small_airflow3 import SCRIPT, browser_of
from tests.unit.plugin.identity.airflow3.visits import ME

GRANT = Grant("Op", (DagRule("finance_*", "edit"),), ("Op: groups = ops",))


@pytest.fixture(autouse=True)
def revoked(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """The tokens that Airflow's database knows as revoked."""
    known: set[str] = set()
    tokens._revocations.clear()
    monkeypatch.setattr(RevokedToken, "is_revoked", known.__contains__)
    monkeypatch.setattr(RevokedToken, "revoke", lambda jti, exp: known.add(jti))
    return known


def ask(client: TestClient, token: str, path: str = ME) -> tuple[int, str]:
    response = client.get(path, headers={**SCRIPT, "Authorization": f"Bearer {token}"})
    return response.status_code, response.text


def exchanged(client: TestClient, service: MemoryService, grant: Grant = GRANT) -> str:
    service.add("access-token", "otto", grant)
    response = client.post("/auth/token", headers={"Authorization": "Bearer access-token"})
    assert response.status_code == 201, response.text
    assert 0 < response.json()["expires_in"] <= 60
    return str(response.json()["access_token"])


def test_provider_token_is_the_user(anonymous: TestClient, service: MemoryService) -> None:
    service.add("access-token", "otto", GRANT)
    assert ask(anonymous, "access-token") == (200, '{"name":"otto","role":"Op"}')


def test_unusable_token_is_401_with_the_reason(anonymous: TestClient) -> None:
    response = anonymous.get(ME, headers={"Authorization": "Bearer nonsense"})
    assert response.status_code == 401
    assert response.json() == {"detail": "The token is not of this provider."}
    assert response.headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_user_without_a_role_is_403(anonymous: TestClient, service: MemoryService) -> None:
    service.add("access-token", "nora", Grant())
    status, text = ask(anonymous, "access-token")
    assert (status, "gives nora a role" in text) == (403, True)


@pytest.mark.parametrize("field", ["subject_token", "access_token"])
@pytest.mark.parametrize("kind", ["data", "json"])
def test_exchange_takes_forms_and_json(
    anonymous: TestClient, service: MemoryService, field: str, kind: str
) -> None:
    service.add("access-token", "otto", GRANT)
    body = {field: "access-token", "grant_type": "urn:ietf:params:oauth:grant-type:token-exchange"}
    response = anonymous.post("/auth/token", **{kind: body})  # type: ignore[arg-type]
    assert response.status_code == 201
    assert response.headers["cache-control"] == "no-store"
    assert ask(anonymous, response.json()["access_token"])[0] == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        ({}, 401),
        ({"json": {"username": "ann", "password": "p"}}, 401),
        ({"headers": {"Authorization": "Bearer nonsense"}}, 401),
        ({"content": b"[" * 3000, "headers": {"Content-Type": "application/json"}}, 400),
        ({"content": b"a" * 70_000}, 400),
        ({"content": b"\xff\xfe"}, 400),
    ],
)
def test_exchange_refuses_anything_else(
    anonymous: TestClient, request_: dict[str, object], status: int
) -> None:
    response = anonymous.post("/auth/token", **request_)  # type: ignore[arg-type]
    assert response.status_code == status
    assert set(response.json()) == {"detail"}


def test_exchange_for_a_user_without_a_role_is_403(anonymous: TestClient, service: MemoryService) -> None:
    service.add("access-token", "nora", Grant())
    assert anonymous.post("/auth/token", data={"access_token": "access-token"}).status_code == 403


def test_exchanged_token_has_the_grant(anonymous: TestClient, service: MemoryService) -> None:
    token = exchanged(anonymous, service)
    assert ask(anonymous, token) == (200, '{"name":"otto","role":"Op"}')
    assert ask(anonymous, token, "/api/v2/config")[0] == 200
    viewer = exchanged(anonymous, service, Grant("Viewer"))
    assert ask(anonymous, viewer, "/api/v2/config") == (403, '{"detail":"Forbidden"}')


def test_exchanged_token_ends_with_what_it_was_made_from(
    anonymous: TestClient, service: MemoryService
) -> None:
    token = exchanged(anonymous, service)
    service.origin = "later"
    assert ask(anonymous, token) == (401, '{"detail":"The provider has logged the user out."}')
    assert ask(anonymous, exchanged(anonymous, service))[0] == 200


def test_long_provider_token_can_be_exchanged(anonymous: TestClient, service: MemoryService) -> None:
    long = "x" * (16 * 1024)
    service.add(long, "otto", GRANT)
    answer = anonymous.post("/auth/token", data={"access_token": long})
    assert len(answer.json()["access_token"]) < 1000
    assert ask(anonymous, answer.json()["access_token"])[0] == 200


def test_exchanged_token_is_no_cookie(anonymous: TestClient, service: MemoryService) -> None:
    anonymous.cookies.set("_token", exchanged(anonymous, service))
    assert anonymous.get(ME, headers=SCRIPT).status_code == 401


def test_provider_token_is_no_cookie(anonymous: TestClient, service: MemoryService) -> None:
    service.add("access-token", "otto", GRANT)
    anonymous.cookies.set("_token", "access-token")
    assert anonymous.get(ME, headers=SCRIPT).status_code == 401


def test_logout_with_a_scripts_token_revokes_it(
    anonymous: TestClient, service: MemoryService, revoked: set[str]
) -> None:
    token = exchanged(anonymous, service)
    response = anonymous.get("/api/v2/auth/logout", headers={"Authorization": f"Bearer {token}"})
    assert response.headers["location"] == "/auth/logout"
    assert len(revoked) == 1
    assert service.ended == []
    assert ask(anonymous, token) == (401, '{"detail":"The token has been revoked."}')


def test_scripts_token_of_a_session_ends_with_it(client: TestClient, service: MemoryService) -> None:
    session_id, state = next(iter(service.sessions.items()))
    assert state.session
    user = get_auth_manager().deserialize_user({tokens.SESSION: session_id})
    token = get_auth_manager().generate_jwt(user, expiration_time_in_seconds=100_000)
    assert jwt.decode(token, options={"verify_signature": False})["exp"] <= state.session.ends_at
    client.cookies.clear()
    assert ask(client, token)[0] == 200
    service.sessions[session_id] = SessionState(end_reason=EndReason.ROLES)
    assert ask(client, token) == (401, f'{{"detail":"{EndReason.ROLES.text}"}}')
    service.sessions[session_id] = SessionState(end_reason=EndReason.UNAVAILABLE)
    assert ask(client, token) == (503, f'{{"detail":"{EndReason.UNAVAILABLE.text}"}}')


@pytest.mark.parametrize(
    "claims",
    [
        {"sub": "1"},  # of FAB
        {"sub": "ann", "role": "admin"},  # of SimpleAuthManager
        {"sub": "ann", tokens.USE: tokens.BEARER},
        {"sub": "ann", tokens.USE: tokens.BEARER, tokens.GRANT: "{}"},
        {"sub": "ann", tokens.USE: tokens.BEARER, tokens.GRANT: GRANT.to_json()},
        {
            "sub": "ann",
            tokens.USE: tokens.BEARER,
            tokens.ORIGIN: "origin",
            tokens.GRANT: '{"role": "God", "dags": [], "matched": []}',
        },
        {"sub": "ann", tokens.USE: tokens.COOKIE, tokens.SESSION: "made up"},
    ],
)
def test_other_tokens_with_airflows_signature_are_refused(
    anonymous: TestClient, claims: dict[str, str]
) -> None:
    token = get_auth_manager()._get_token_signer().generate(claims)
    assert ask(anonymous, token)[0] == 401
    anonymous.cookies.set("_token", token)
    assert anonymous.get(ME, headers=SCRIPT).status_code == 401


def test_expired_token_is_401(anonymous: TestClient) -> None:
    claims = {"sub": "ann", tokens.USE: tokens.BEARER, tokens.GRANT: GRANT.to_json(), tokens.ORIGIN: "origin"}
    token = get_auth_manager()._get_token_signer().generate(claims, valid_for=-3600)
    assert ask(anonymous, token) == (401, '{"detail":"The token has expired."}')


def test_forged_token_is_401(anonymous: TestClient) -> None:
    now = int(time.time())
    claims = {"sub": "ann", tokens.USE: tokens.BEARER, tokens.GRANT: GRANT.to_json(), tokens.ORIGIN: "origin"}
    times = {"iat": now, "nbf": now, "exp": now + 60, "aud": "apache-airflow", "jti": "1"}
    for token in (
        jwt.encode({**claims, **times}, "another key" * 10, algorithm="HS512"),
        jwt.encode({**claims, **times}, None, algorithm="none"),  # type: ignore[arg-type]
    ):
        assert ask(anonymous, token) == (401, '{"detail":"The token is not valid."}')


def test_token_for_a_user_of_the_proxy_carries_the_grant(app: FastAPI, service: MemoryService) -> None:
    service.add("proxy-token", "petra", GRANT)
    user = RuntimeUser.of_access(service.proxy("proxy-token"))
    token = get_auth_manager().generate_jwt(user)
    assert jwt.decode(token, options={"verify_signature": False})["exp"] <= user.expires_at
    assert ask(browser_of(app), token) == (200, '{"name":"petra","role":"Op"}')
