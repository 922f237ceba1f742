"""Uses a running task's token with a real API server before and after an outage, at the age it has then."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import jwt
from airflow.executors.base_executor import BaseExecutor
from airflow.executors.workloads import ExecuteTask

from testing.api_server_process import ApiServerProcess, create_task
from testing.fixed_secrets import SECRET_KEY
from testing.proof import report
from testing.task_in_outage import write_dag

# Seconds. At this age Airflow does not renew a token of ten minutes; then the scheduler bears an outage of five.
LAST_ANSWER, OUTAGE = 470, 300
PROCESS = {"hostname": "host", "pid": 1}


def send(method: str, path: str, token: str, body: dict[str, Any]) -> tuple[int, str | None]:
    """Return the status of the answer, and the new token in it."""
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    request = Request(f"{server.url}task-instances/{task.id}/{path}", json.dumps(body).encode(), headers)
    request.method = method
    try:
        with urlopen(request) as answer:
            return answer.status, answer.headers["Refreshed-API-Token"]
    except HTTPError as error:
        return error.code, None


def age(token: str, seconds: int) -> str:
    """Return the token as one that was made some seconds ago."""
    claims = jwt.decode(token, options={"verify_signature": False})
    headers = jwt.get_unverified_header(token)
    shift = int(time.time()) - seconds - claims["iat"]
    earlier = {name: claims[name] + shift for name in ("iat", "nbf", "exp")}
    return jwt.encode({**claims, **earlier}, SECRET_KEY, headers["alg"], headers)


write_dag()
task = create_task()
server = ApiServerProcess()
server.start()
try:
    start = {**PROCESS, "state": "running", "unixname": "user", "start_date": "2026-01-01T00:00:00Z"}
    workload = ExecuteTask.make(task, generator=BaseExecutor().jwt_generator)
    _, token = send("PATCH", "run", workload.token, start)
    assert token
    before = send("PUT", "heartbeat", age(token, LAST_ANSWER), PROCESS)
    after = send("PUT", "heartbeat", age(token, LAST_ANSWER + OUTAGE), PROCESS)
finally:
    server.stop()
report({"before": before, "after": after[0]})
