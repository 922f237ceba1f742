"""Lists DAGs by Airflow's REST API in its web application in this process, once for each line of the input.

Arguments: the auth manager, and how many DAGs. Prints the processor time of each list in seconds.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable

from bench.identity.database import add_dags, create_tables
from bench.identity.workplace import RUNTIME
from testing.identity.login_provider import login_provider
from testing.installed_line import LINE

Get = Callable[[], tuple[int, int]]  # the status and the number of DAGs in the answer


def main(manager: str, count: int) -> None:
    """Serve the lines of the input."""
    create_tables()
    add_dags(count)
    with login_provider(int(sys.argv[3])) as provider:
        token = provider.access_token("ann")
        get = (airflow3 if LINE == "3.3" else airflow2)(manager, token, count)
        assert get() == (200, count), get()
        print("ready", flush=True)
        for _ in sys.stdin:
            started = time.process_time()
            get()
            print(time.process_time() - started, flush=True)


def airflow3(manager: str, token: str, count: int) -> Get:
    """Return a function that lists the DAGs of Airflow 3."""
    import httpx
    from airflow.api_fastapi.app import create_app, get_auth_manager

    app = create_app("core")
    if manager != RUNTIME:
        from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser

        token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="admin", role="ADMIN"))
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://localhost")
    loop = asyncio.new_event_loop()
    headers = {"Authorization": f"Bearer {token}"}

    def get() -> tuple[int, int]:
        answer = loop.run_until_complete(client.get(f"/api/v2/dags?limit={count}", headers=headers))
        return answer.status_code, len(answer.json().get("dags", ()))

    return get


def airflow2(manager: str, token: str, count: int) -> Get:
    """Return a function that lists the DAGs of Airflow 2."""
    from airflow.www.app import create_app
    from airflow.www.extensions.init_auth_manager import get_auth_manager
    from flask.sessions import SecureCookieSessionInterface

    app = create_app()
    headers = {"Authorization": f"Bearer {token}"}
    if manager != RUNTIME:
        with app.app_context():
            security = get_auth_manager().security_manager
            user = security.add_user(
                "ann", "Ann", "Example", "a@example.com", security.find_role("Admin"), "x"
            )
            sign = SecureCookieSessionInterface().get_signing_serializer(app).dumps  # type: ignore[union-attr]
            headers = {"Cookie": f"session={sign({'_user_id': str(user.id), '_fresh': True})}"}
    client = app.test_client(use_cookies=False)

    def get() -> tuple[int, int]:
        answer = client.get(f"/api/v1/dags?limit={count}", headers=headers)
        return answer.status_code, len((answer.json or {}).get("dags", ()))

    return get


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
