"""Stands for an execution API within this process, which is built at the first request."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from threading import RLock
from typing import Any

import httpx


class BuildError(BaseException):
    """The API cannot be built, which ends the component, as at its start in stock Airflow.

    It is no Exception: Airflow answers those, and a DAG file would take a Variable for missing.
    """


class LateExecutionAPI:
    """Has the transport that a client needs; whatever else is asked for is that of the API itself."""

    def __init__(self, build: Callable[[], Any], settle: Callable[[], None]) -> None:
        self._build = cache(build)
        self.transport = LateTransport(self._build, settle)

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the API."""
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._build(), name)


class LateTransport(httpx.BaseTransport):
    """Builds the API at the first request, and lets its transport handle them all.

    It is part of no cycle: when it is freed, so is the API's transport, which ends the API's thread.
    """

    def __init__(self, build: Callable[[], Any], settle: Callable[[], None]) -> None:
        self._build, self._settle = build, settle
        self._transport: httpx.BaseTransport | None = None
        self._is_settled = False
        # A signal that ends the component may arrive while this builds; its handler answers requests, too.
        self._lock = RLock()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer as the API does. Raises BuildError if there is none."""
        response = self._get().handle_request(request)
        if not self._is_settled:
            self._is_settled = True
            self._settle()
        return response

    def _get(self) -> httpx.BaseTransport:
        with self._lock:
            if self._transport is None:
                try:
                    self._transport = self._build().transport
                except Exception as error:
                    raise BuildError("the execution API cannot be built") from error
            return self._transport

    def close(self) -> None:
        """Close the API's transport, if there is one."""
        if self._transport is not None:
            self._transport.close()
