"""What fsspec's file systems of the clouds call differently, and how often their libraries ask again.

gcsfs asks six times, also with credentials that were refused, and Azure's library four times, 15 seconds apart. Neither
takes another number from fsspec. Where their code has changed, it stays at theirs, within the time-out of an operation.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MethodType
from typing import Any, NamedTuple

from astro_runtime_plugin.task_logs.stores.store import UPLOAD_BYTES

BACKOFF_SECONDS = 1


class Dialect(NamedTuple):
    """What the file systems call by names of their own."""

    modified: str
    tag: str  # changes with the content
    upload: Mapping[str, Any]  # options of a large upload
    condition: Callable[[str], Mapping[str, Any]]  # options that replace only what has a tag
    limit: Callable[[Any, int], None]  # has the library ask only so often


def limit_google(file_system: Any, attempts: int) -> None:
    """Have gcsfs ask `attempts` times. Source: `retry_request` in gcsfs/retry.py, around `_request` in core.py."""
    from gcsfs.retry import retry_request  # type: ignore[import-untyped,import-not-found,unused-ignore]

    request = getattr(type(file_system)._request, "__wrapped__", None)
    if request:
        file_system._request = MethodType(retry_request(request, retries=attempts), file_system)


def limit_azure(file_system: Any, attempts: int) -> None:
    """Have Azure's client ask `attempts` times. Source: azure/storage/blob/_shared/base_client.py and policies.py."""
    client = file_system.service_client
    policy = getattr(getattr(client, "_config", None), "retry_policy", None)
    if policy:
        policy.total_retries = attempts - 1
        policy.initial_backoff = BACKOFF_SECONDS


def _match(tag: str) -> Mapping[str, Any]:
    from azure.core import MatchConditions  # type: ignore[import-not-found,unused-ignore]

    return {"overwrite": True, "etag": tag, "match_condition": MatchConditions.IfNotModified}


GOOGLE = Dialect("updated", "generation", {"chunksize": UPLOAD_BYTES}, lambda tag: {}, limit_google)
AZURE = Dialect("last_modified", "etag", {}, _match, limit_azure)
DIALECTS = {"gs": GOOGLE, "abfs": AZURE, "abfss": AZURE}
