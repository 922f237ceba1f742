"""What the error of a request to Airflow's API server means: an outage, a fault that may pass, or an answer.

The execution API answers 500 while its database is away. The reason in the answer, which `SQLAlchemyErrorHandler` in
`airflow.api_fastapi.common.exceptions` sets, tells that from the 500 of a fault, such as one in the rows of one DAG.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from typing import Any

DATABASE_ERROR = "Database error"
SERVER_ERROR = 500
AWAY = frozenset({429, 502, 503, 504})  # as an overloaded server, or a proxy without a server, answers


def may_pass(error: BaseException) -> bool:
    """Whether the request may succeed later: what Airflow repeats some times, and 429."""
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code >= SERVER_ERROR or error.response.status_code in AWAY
    return isinstance(error, httpx.RequestError)


def is_api_outage(error: BaseException) -> bool:
    """Whether the API server, or its database, is away or overloaded, which may last.

    A name that cannot be resolved means one, too: that of a service without a running server is unknown to some DNS.
    """
    import httpx

    if isinstance(error, httpx.HTTPStatusError):
        return error.response.status_code in AWAY or _is_database_error(error.response)
    if isinstance(error, (httpx.UnsupportedProtocol, httpx.LocalProtocolError)):
        return False
    return isinstance(error, httpx.TransportError) and not _is_distrust(error)


def _is_database_error(response: Any) -> bool:
    if response.status_code != SERVER_ERROR:
        return False
    try:
        return bool(response.json()["detail"]["reason"] == DATABASE_ERROR)
    except Exception:  # another text, or none that was read
        return False


def _is_distrust(error: BaseException) -> bool:
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    cause: BaseException | None = error
    while cause:
        yield cause
        cause = cause.__cause__ or cause.__context__
