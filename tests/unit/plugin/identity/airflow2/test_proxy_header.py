"""Tests of the trusted proxy: its signed header counts only in requests that it sent itself."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from flask.testing import FlaskClient

from astro_runtime_plugin.identity.airflow2.proxy_header import is_proxy
from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.settings import IdentitySettings
from testing.identity.flask_browser import BASE, PAGE, log_in
from testing.identity.memory_service import MemoryService

PROXY = "10.1.2.3"
HEADER = {**PAGE, "X-Proxy-Jwt": "signed"}
HOME = f"{BASE}/home"


def get(client: FlaskClient, peer: str, **headers: str) -> int:
    answer = client.get(HOME, headers={**HEADER, **headers}, environ_overrides={"REMOTE_ADDR": peer})
    return answer.status_code


def test_user_of_the_proxy_is_logged_in(client: FlaskClient, service: MemoryService) -> None:
    service.add("signed", "ann", Grant("Viewer"))
    assert get(client, PROXY) == 200
    assert get(client, PROXY, **{"X-Proxy-Jwt": "forged"}) == 302


@pytest.mark.parametrize("forwarded", ["", PROXY, f"{PROXY}, 192.0.2.1"])
def test_header_of_anybody_else_is_nothing(
    client: FlaskClient, service: MemoryService, forwarded: str
) -> None:
    service.add("signed", "ann", Grant("Viewer"))
    assert get(client, "192.0.2.7", **{"X-Forwarded-For": forwarded}) == 302


def test_address_of_the_user_does_not_hide_the_proxy(client: FlaskClient, service: MemoryService) -> None:
    service.add("signed", "ann", Grant("Viewer"))
    assert get(client, PROXY, **{"X-Forwarded-For": "192.0.2.7"}) == 200


def test_user_of_the_proxy_without_a_role_sees_why(client: FlaskClient, service: MemoryService) -> None:
    service.add("signed", "ann", Grant())
    page = client.get(HOME, headers=HEADER, environ_overrides={"REMOTE_ADDR": PROXY})
    assert (page.status_code, "roles: Admin for admin" in page.text) == (403, True)


def test_forged_header_does_not_end_a_session(client: FlaskClient, service: MemoryService) -> None:
    log_in(client, service, Grant("Viewer"))
    assert get(client, PROXY) == 200


@pytest.mark.parametrize(
    ("peer", "is_trusted"),
    [
        ("10.1.0.1", True),
        ("::ffff:10.1.0.1", True),
        ("10.2.0.1", False),
        ("fe80::1%eth0", True),
        ("", False),
        ("unix:", False),
    ],
)
def test_peers(peer: str, is_trusted: bool) -> None:
    settings = IdentitySettings(proxy_addresses=(ip_network("10.1.0.0/16"), ip_network("fe80::/10")))
    assert is_proxy(peer, settings) is is_trusted
