"""Sends requests to the web application of the Airflow whose Python runs this file, within this process.

For each line of its input, which names a request, it prints the processor time of one such request in seconds. It
imports nothing of this project, which stock Airflow must not see.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import Any

COUNT = 100  # requests for each line of the input
Get = Callable[[str], int]  # the path of a request; its status


def airflow3() -> Get:
    """Return a function that sends a request to Airflow 3, with an administrator's token."""
    import httpx
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

    app: Any = create_app("core")
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="admin", role="ADMIN"))
    headers = {"Authorization": f"Bearer {token}", "Accept": "text/html, application/json"}
    client = httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://localhost", headers=headers
    )
    loop = asyncio.new_event_loop()
    return lambda path: loop.run_until_complete(client.get(path)).status_code


def airflow2() -> Get:
    """Return a function that sends a request to Airflow 2, in the session of an administrator."""
    from airflow.www.app import create_app
    from airflow.www.extensions.init_auth_manager import get_auth_manager
    from flask.sessions import SecureCookieSessionInterface

    app: Any = create_app()
    with app.app_context():
        security = get_auth_manager().security_manager
        user = security.add_user("ann", "Ann", "Example", "a@example.com", security.find_role("Admin"), "x")
        sign = SecureCookieSessionInterface().get_signing_serializer(app).dumps  # type: ignore[union-attr]
        cookie = sign({"_user_id": str(user.id), "_fresh": True})
    client = app.test_client(use_cookies=False)
    return lambda path: int(client.get(path, headers={"Cookie": f"session={cookie}"}).status_code)


def main() -> None:
    """Serve the lines of the input."""
    from airflow import __version__

    get = airflow2() if __version__.startswith("2.") else airflow3()
    print("ready", flush=True)
    for line in sys.stdin:
        path = line.strip()
        started = time.process_time()
        statuses = {get(path) for _ in range(COUNT)}
        seconds = (time.process_time() - started) / COUNT
        assert statuses == {200}, statuses
        print(seconds, flush=True)


if __name__ == "__main__":
    main()
