"""Airflow's own API: where it is, how one logs in to it, what it takes. A row a line."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from testing.installed_line import LINE


@dataclass(frozen=True)
class Api:
    """`path` is below the URL for the browser, `log_in` returns a client of it, `run` is the body that starts a run."""

    path: str
    log_in: Callable[[str, str, str, str], httpx.Client]
    run: dict[str, Any]


def by_token(url: str, path: str, username: str, password: str) -> httpx.Client:
    """Log in as a program does; raises httpx.HTTPStatusError for a wrong password."""
    login = {"username": username, "password": password}
    token = httpx.post(f"{url}auth/token", json=login).raise_for_status().json()["access_token"]
    return httpx.Client(base_url=url + path, headers={"Authorization": f"Bearer {token}"}, timeout=30)


def by_form(url: str, path: str, username: str, password: str) -> httpx.Client:
    """Log in as people do; raises httpx.HTTPStatusError for a wrong password, at the first page that needs a login."""
    with httpx.Client(base_url=url + path, timeout=30) as browser:
        found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', browser.get(f"{url}login/").text)
        assert found
        form = {"csrf_token": found[1], "username": username, "password": password}
        browser.post(f"{url}login/", data=form)
        browser.get("/dags").raise_for_status()
        return httpx.Client(base_url=url + path, cookies=browser.cookies, timeout=30)


API = {
    "3.3": Api("api/v2", by_token, {"logical_date": None}),
    "2.11": Api("api/v1", by_form, {}),
}[LINE]
