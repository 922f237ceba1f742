"""Measures in one process what a request's identity costs, and what its service keeps. The argument is a port.

Prints JSON: the seconds of each request's own share, the calls to the network and to the database meanwhile, the
requests of a login, the memory after each 10,000 users, and how soon a role that is taken away is gone.
"""

from __future__ import annotations

import json
import socket
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from airflow import settings
from sqlalchemy import event

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions import process
from astro_runtime_plugin.identity.sessions.data import SessionData, TokenClaims
from astro_runtime_plugin.identity.sessions.session import NewSession
from astro_runtime_plugin.identity.sessions.store import Times
from astro_runtime_plugin.identity.sessions.user import UserIdentity
from bench.identity.database import create_tables
from bench.identity.workplace import resident_bytes
from testing.identity.login_provider import LoginProvider, log_in, login_provider
from testing.installed_line import LINE

CALLBACK = "https://airflow.example.com/auth/oidc-callback"
REQUESTS, USERS = 5000, 10_000
PATIENCE = 90.0  # seconds, longer than the bound


class Calls:
    """What a block of code asks of others; the threads that renew in the background do not count for the database."""

    network = 0
    database = 0


@contextmanager
def counted() -> Iterator[Calls]:
    """Count the connections that this process opens, and the statements of this thread, during the block."""
    calls, connect, thread = Calls(), socket.socket.connect, threading.get_ident()

    def note_connection(self: socket.socket, address: Any) -> None:
        calls.network += 1
        connect(self, address)

    def note_statement(*_: Any) -> None:
        calls.database += threading.get_ident() == thread

    socket.socket.connect = note_connection  # type: ignore[method-assign, assignment]
    event.listen(settings.engine, "before_cursor_execute", note_statement)
    try:
        yield calls
    finally:
        socket.socket.connect = connect  # type: ignore[method-assign]
        event.remove(settings.engine, "before_cursor_execute", note_statement)


def share(work: Callable[[], Any]) -> dict[str, Any]:
    """Return the seconds of processor time of REQUESTS runs of `work`, and the calls meanwhile.

    It waits for nothing, as the calls show, so that this is its wall time on a machine that does nothing else.
    """
    for _ in range(100):
        work()
    seconds = []
    with counted() as calls:
        for _ in range(REQUESTS):
            started = time.process_time()
            work()
            seconds.append(time.process_time() - started)
    return {"seconds": seconds, "network": calls.network, "database": calls.database}


def log_in_as(user: str) -> NewSession:
    """Log in at the provider, as a browser does: three requests of its own, and those of the server."""
    begun = process.service().begin_login("/", CALLBACK)
    query = log_in(begun.url, user)
    return process.service().finish_login(query, {begun.cookie_name: begun.cookie}, CALLBACK)


def round_trips(provider: LoginProvider) -> int:
    """Return the requests of a login from the login page to the page asked for, which are three of the browser.

    To the login page, to the provider and to the callback; the server's own are those that the provider gets besides.
    """
    before = len(provider.requests)
    log_in_as("uma")
    form = 1  # the provider's answer to the browser, which the provider counts too
    return 3 + len(provider.requests) - before - form


def memory() -> list[int]:
    """Return the bytes of this process after USERS users, twice and three times as many."""
    service = process.service()
    sizes = []
    for batch in range(3):
        for number in range(USERS):
            name = f"user{batch * USERS + number}"
            now = time.time()
            user = UserIdentity(name, f"subject of {name}", f"{name}@example.com")
            claims = TokenClaims(id={"preferred_username": name, "groups": ["airflow-viewers"]})
            data = SessionData(user, service.parts.provider_name, Grant("Viewer"), claims)
            new = service.parts.session_start.begin(
                data, Times(now, now + 9000, now + 9000), "/", "benchmark"
            )
            service.check(new.id)
        sizes.append(resident_bytes())
    return sizes


def seconds_until_gone(provider: LoginProvider) -> float:
    """Return how long an Admin, who sends a request a second, stays one after the provider has taken the group away."""
    session_id = log_in_as("ann").id
    provider.users["ann"] = {**provider.users["ann"], "groups": ["airflow-viewers"]}
    started = time.monotonic()
    while time.monotonic() - started < PATIENCE:
        session = process.service().check(session_id).session
        if session is None or session.grant.role != "Admin":
            break
        time.sleep(1)
    return time.monotonic() - started


def main() -> None:
    """Measure, and print."""
    create_tables()
    if LINE == "3.3":
        from bench.identity.airflow3_requests import requests
    else:
        from bench.identity.airflow2_requests import requests
    with login_provider(int(sys.argv[1])) as provider:
        log_in_as("vera")  # reads the provider's description and its keys
        figures = {
            "shares": {
                name: share(work)
                for name, work in requests(log_in_as("uma"), provider.access_token("uma")).items()
            },
            "round trips": round_trips(provider),
            "seconds until gone": seconds_until_gone(provider),
            "memory": memory(),
        }
    print(json.dumps(figures), flush=True)


if __name__ == "__main__":
    main()
