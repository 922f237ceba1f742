"""A pod's log that a DAG reads with the Kubernetes client is plain text.

Releases 36.0.0 to 36.0.3 of the client do not decode text responses, but return the text `b'...'` for their bytes.
Airflow's own readers of logs take the bytes and decode them, so only the code of DAGs and plugins is affected.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "pod-log-text"


def decode_text(deserialize: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap `ApiClient.deserialize`, which all answers that are not read as a stream go through."""

    @wraps(deserialize)
    def deserialize_decoded(client: Any, response: Any, response_type: Any) -> Any:
        if response_type == "str":
            attempt(ID, None, decode, response)
        return deserialize(client, response, response_type)

    return deserialize_decoded


def decode(response: Any) -> None:
    """Replace the bytes of a response by their text; bytes that are no UTF-8 become U+FFFD."""
    if isinstance(response.data, bytes):
        response.data = response.data.decode("utf-8", errors="replace")


FIX = Fix(
    id=ID,
    title="A pod's log that a DAG reads with the Kubernetes client is plain text",
    symptom="`read_namespaced_pod_log` in a DAG returns one line, `b'...'`, with `\\n` in place of line breaks.",
    issue="https://github.com/kubernetes-client/python/issues/2596",
    ends="The locks contain a release of the Kubernetes client that decodes text.",
    patches=(
        Patch("kubernetes.client.api_client", "ApiClient.deserialize", ("792e56a857caf5b9",), decode_text),
    ),
)
