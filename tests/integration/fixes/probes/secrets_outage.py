"""Reads a variable and a connection while the database is away, as a task does; reports what it gets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from testing.installed_line import LINE
from testing.proof import report


def outcome(read: Callable[[], Any]) -> str:
    """Return the status of the execution API's answer, or what Airflow 2 returns or raises."""
    try:
        return str(read())
    except Exception as error:
        return type(error).__name__


def readers() -> dict[str, Callable[[], Any]]:
    """Return what reads a variable and a connection."""
    if LINE == "2.11":
        from airflow.hooks.base import BaseHook
        from airflow.models import Variable

        return {
            "variable": lambda: Variable.get("name", default_var="default"),
            "connection": lambda: BaseHook.get_connection("name"),
        }
    import httpx
    from airflow.api_fastapi.execution_api.app import InProcessExecutionAPI

    client = httpx.Client(base_url="http://in-process", transport=InProcessExecutionAPI().transport)
    return {
        "variable": lambda: client.get("variables/name").status_code,
        "connection": lambda: client.get("connections/name").status_code,
    }


report({name: outcome(read) for name, read in readers().items()})
