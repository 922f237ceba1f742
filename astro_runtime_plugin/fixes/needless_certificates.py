"""A task's supervisor does not read the certificates of authorities to talk to an API server without TLS.

The client of the API server reads the certificates of all public authorities twice, from the system's file and from
certifi's, also if the server's URL begins with `http:`, as inside a cluster. Here they are read before the first
connection with TLS; only then the supervisor's log says `Using Public CAs from certifi`. With certificates of its own,
the client reads all of them at once, as before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from importlib import import_module
from typing import TYPE_CHECKING, Any

from astro_runtime_plugin.fixes.fix import Fix, Patch

if TYPE_CHECKING:
    from ssl import SSLContext

CLIENT = "airflow.sdk.api.client"
Create = Callable[..., "SSLContext"]


class LateContext:
    """The context that `create` returns, created when a connection with TLS uses it."""

    def __init__(self, create: Create) -> None:
        self.__dict__["_create"] = create

    @cached_property
    def _context(self) -> SSLContext:
        return self._create()  # type: ignore[no-any-return]

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the context."""
        return getattr(self._context, name)

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute of the context."""
        setattr(self._context, name, value)


def create_late(create: Any) -> Create:
    """Wrap `Client._get_ssl_context_cached`, a descriptor like a static method, which keeps what it returns."""

    @wraps(create)
    def create_when_used(ca_file: str | None = None, ca_path: str | None = None) -> Any:
        bound = create.__get__(None, import_module(CLIENT).Client)
        return bound(ca_file, ca_path) if ca_file or ca_path else LateContext(bound)

    return create_when_used


FIX = Fix(
    id="needless-certificates",
    title="A task's supervisor reads certificates only for connections with TLS",
    symptom="Each task takes about 30 milliseconds of processor time more than it needs.",
    issue="",
    ends="Airflow creates no TLS context for an API server whose URL begins with `http:`.",
    patches=(
        Patch(
            CLIENT,
            "Client._get_ssl_context_cached",
            ("3d211fd38ffe9968",),
            create_late,
            ("3.3",),
        ),
    ),
)
