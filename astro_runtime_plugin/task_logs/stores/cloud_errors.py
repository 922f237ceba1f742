"""What the clouds' libraries raise, as StoreError with the server's code, and never with its text."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from astro_runtime_plugin.task_logs.stores.store import StoreError, store_errors

CONFLICTS = ("ConditionNotMet", "BlobAlreadyExists", "412")

_is_ours: ContextVar[bool] = ContextVar("_is_ours", default=False)  # whether a coroutine is the store's


def is_conflict(error: Exception) -> bool:
    """Whether there is another object by now."""
    return isinstance(error, FileExistsError) or code_of(error) in CONFLICTS


def code_of(error: Exception) -> str:
    """Return the server's code: gcsfs has HTTP's, or its own word for 403; Azure has names."""
    if isinstance(error, OSError) and str(error).startswith("Forbidden"):
        return "403"
    names = ("error_code", "code", "status_code")
    code = next((value for name in names if (value := getattr(error, name, None))), "")
    return str(getattr(code, "value", code))


def _describe(error: Exception) -> str | None:
    """Return the type and the server's code; None for an error that is no answer of a server's."""
    code = code_of(error)
    return f"{type(error).__name__}: {code}" if code else None


@contextmanager
def cloud_errors(missing: str = "") -> Iterator[None]:
    """Turn what a library raises into StoreError; FileNotFoundError, too, if it means that `missing` is."""
    with store_errors(_describe):
        try:
            yield
        except FileNotFoundError as error:
            if not missing:
                raise
            raise StoreError(missing) from error


def quiet_library() -> None:
    """Have gcsfs log nothing of what `quietly` awaits; what others do with it is logged as ever."""
    logging.getLogger("gcsfs").addFilter(_is_of_others)


async def quietly(method: Any, *words: Any, **options: Any) -> Any:
    """Await a coroutine without gcsfs's log, which repeats what is raised, with all that the server says."""
    _is_ours.set(True)
    return await method(*words, **options)


def _is_of_others(_: logging.LogRecord) -> bool:
    return not _is_ours.get()
