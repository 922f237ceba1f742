"""Airflow's REST API by line: its path, how to log in, and the body that starts a run."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from testing.installed_line import LINE

TIMEOUT = 300  # seconds: how long a busy machine may take for an answer


@dataclass(frozen=True)
class RestApi:
    """`path` is relative to the browser's URL, `log_in` returns a client, `run` is the body that starts a run."""

    path: str
    log_in: Callable[[str, str, str, str], httpx.Client]
    run: dict[str, Any]


def log_in_by_token(url: str, path: str, username: str, password: str) -> httpx.Client:
    """Log in like a program. Raises httpx.HTTPStatusError for a wrong password."""
    login = {"username": username, "password": password}
    answer = httpx.post(f"{url}auth/token", json=login, timeout=TIMEOUT).raise_for_status()
    token = answer.json()["access_token"]
    return httpx.Client(base_url=url + path, headers={"Authorization": f"Bearer {token}"}, timeout=TIMEOUT)


def log_in_by_form(url: str, path: str, username: str, password: str) -> httpx.Client:
    """Log in like a user. Raises httpx.HTTPStatusError for a wrong password, at the first page that needs a login."""
    with httpx.Client(base_url=url + path, timeout=TIMEOUT) as browser:
        token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get(f"{url}login/").text)
        assert token
        form = {"csrf_token": token[1], "username": username, "password": password}
        browser.post(f"{url}login/", data=form)
        browser.get("/dags").raise_for_status()
        return httpx.Client(base_url=url + path, cookies=browser.cookies, timeout=TIMEOUT)


APIS = {
    "3.3": RestApi("api/v2", log_in_by_token, {"logical_date": None}),
    "2.11": RestApi("api/v1", log_in_by_form, {}),
}
API = APIS[LINE]
