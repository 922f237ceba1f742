"""JSON of a line of a task's log, at most lines of a log in the time of one core: msgspec, which Airflow 3 brings.

What msgspec refuses, such as half of a surrogate pair, the standard library takes, which also stands in where msgspec
is not installed.
"""

from __future__ import annotations

import json
from typing import Any

try:
    import msgspec
except ImportError:  # Airflow 2 itself does not need it
    msgspec = None  # type: ignore[assignment]


def _load_slowly(text: bytes) -> Any:
    return json.loads(text)


def _dump_slowly(content: Any) -> bytes:
    text = json.dumps(content, ensure_ascii=False, default=str, separators=(",", ":"))
    return text.encode(errors="replace")


_load = msgspec.json.Decoder().decode if msgspec else _load_slowly
_dump = msgspec.json.Encoder(enc_hook=str).encode if msgspec else _dump_slowly


def load(text: bytes) -> Any:
    """Return what a text in JSON says. Raises ValueError, and RecursionError for what is too deep."""
    try:
        return _load(text)
    except Exception:
        return _load_slowly(text)


def dump(content: Any) -> bytes:
    """Return JSON without spaces, in UTF-8; half of a surrogate pair becomes `?`, what JSON has no form for a text."""
    try:
        return _dump(content)
    except Exception:
        return _dump_slowly(content)
