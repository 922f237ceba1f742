"""Sends requests of tasks to Airflow's real execution API while its database is away; reports what the answers mean."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timezone
from typing import Any
from uuid import uuid4

import httpx
from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI
from airflow.sdk.api.client import Client

from astro_runtime_plugin.fixes.support.request_errors import is_api_outage
from testing.proof import report

client = Client(base_url="http://in-process", token="", transport=InProcessExecutionAPI().transport)
task = uuid4()
observed: list[Any] = []
requests: tuple[Callable[[], Any], ...] = (
    lambda: client.task_instances.start(task, 1, datetime.now(timezone.utc)),
    lambda: client.task_instances.heartbeat(task, 1),
)
for request in requests:
    try:
        request()
    except httpx.HTTPStatusError as error:
        observed.append([error.response.status_code, is_api_outage(error)])
report(observed)
