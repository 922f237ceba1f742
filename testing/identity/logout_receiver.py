"""An address to which a provider sends its back-channel logouts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from testing.identity.login_handler import LoginHandler
from testing.identity.login_provider import login_provider


@contextmanager
def logout_receiver() -> Iterator[tuple[str, list[str]]]:
    """Yield the address, and the logout tokens that have come there."""
    received: list[str] = []

    def receive(handler: LoginHandler) -> bool:
        received.append(handler.fields["logout_token"])
        handler.respond(200)
        return True

    with login_provider() as receiver, receiver.disturbed(receive, "/logouts"):
        yield f"{receiver.issuer}/logouts", received
