"""Processes of a web server that serve one session: forked from a parent that has used its own service before.

Prints a line for each change that one of them sees: its number, and the role or why the session has ended.
"""

from __future__ import annotations

import os
import sys
import threading
import time

from astro_runtime_plugin.identity.sessions import process, renewal, upkeep
from astro_runtime_plugin.identity.sessions.session import NewSession
from testing.identity.login_provider import log_in
from testing.identity.patience import SECONDS, be_patient
from testing.waiting import wait_until

CALLBACK = "https://airflow.example.com/auth/oidc-callback"
CHILDREN = 4


def main(user: str) -> None:
    """Log in, fork, and serve until the session has ended."""
    # In a hurry: what takes a minute takes two seconds.
    renewal.RENEW_SECONDS = upkeep.RENEW_SECONDS = 1.0  # type: ignore[attr-defined]
    upkeep.READ_SECONDS = 0.3
    # A renewal that is given up has used its refresh token; a starved machine must not give one up, nor take it over.
    be_patient()
    renewal.CLAIM_SECONDS = SECONDS
    new = log_in_as(user)
    children = [fork(number, new.id) for number in range(1, CHILDREN + 1)]
    serve(0, new.id)
    flush_audit_log()
    statuses = [os.waitpid(child, 0)[1] for child in children]
    sys.exit(any(statuses))


def log_in_as(user: str) -> NewSession:
    """Log in at the provider, as a browser does."""
    request = process.service().begin_login("/", CALLBACK)
    query = log_in(request.url, user)
    return process.service().finish_login(query, {request.cookie_name: request.cookie}, CALLBACK)


def fork(number: int, session_id: str) -> int:
    """Begin a process with a service of its own."""
    parents = process.service()
    child = os.fork()
    if child:
        return child
    assert process.service() is not parents
    serve(number, session_id)
    flush_audit_log()
    print(f"{number} threads {threading.active_count()}", flush=True)
    os._exit(0)


def flush_audit_log() -> None:
    """Write what this process has recorded: its exit would not wait for that, nor for the renewal that records it."""
    parts = process.service().parts
    wait_until(lambda: not parts.upkeep.pool._running)
    parts.audit_log.flush()


def serve(number: int, session_id: str) -> None:
    """Send requests until the session has ended."""
    seen = ""
    while True:
        state = process.service().check(session_id)
        text = (
            str(state.session.grant.role)
            if state.session
            else str(state.end_reason and state.end_reason.value)
        )
        if text != seen:
            seen = text
            print(f"{number} {text}", flush=True)
        if state.session is None:
            return
        time.sleep(0.05)


if __name__ == "__main__":
    main(sys.argv[1])
