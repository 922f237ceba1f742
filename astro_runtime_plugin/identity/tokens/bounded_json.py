"""JSON objects from outside, with bounds on depth and numbers."""

from __future__ import annotations

import json
import math
from typing import Any

MAX_DEPTH = 20  # levels of objects and arrays
OPENING, CLOSING, QUOTE, BACKSLASH = b"[{", b"]}", ord('"'), ord("\\")


def parse_object(data: bytes) -> dict[str, Any]:
    """Return the JSON object in UTF-8 `data`. Raises ValueError, also for NaN, infinite numbers and deep nesting."""
    if sum(data.count(sign) for sign in (b"[", b"{")) > MAX_DEPTH and _depth(data) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    document = json.loads(data.decode(), parse_constant=_refuse_constant, parse_float=_finite)
    if not isinstance(document, dict):
        raise ValueError("not a JSON object")
    return document


def _depth(data: bytes) -> int:
    """Return how deep JSON text is nested, without recursion."""
    depth = deepest = 0
    in_string = escaped = False
    for sign in data:
        if in_string:
            in_string = escaped or sign != QUOTE
            escaped = not escaped and sign == BACKSLASH
        elif sign == QUOTE:
            in_string = True
        elif sign in OPENING:
            depth += 1
            deepest = max(deepest, depth)
        elif sign in CLOSING:
            depth -= 1
    return deepest


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON")


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError("a number is too large")
    return number
