"""The fields of a request's body, from a form or from JSON, within bounds."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from astro_runtime_plugin.identity.tokens.bounded_json import parse_object

MAX_BODY = 64 * 1024  # bytes
MAX_FIELDS = 20


async def read_fields(request: Request) -> dict[str, str]:
    """Return the fields that are texts. Raises ValueError for a body that is too long, or neither form nor JSON."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY:
            raise ValueError(f"the body is longer than {MAX_BODY} bytes")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == "application/json":
        fields = parse_object(bytes(body)) if body else {}
        return {name: value for name, value in fields.items() if isinstance(value, str)}
    return dict(parse_qsl(body.decode(), max_num_fields=MAX_FIELDS))
