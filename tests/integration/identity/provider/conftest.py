from __future__ import annotations

from collections.abc import Iterator

import pytest

from astro_runtime_plugin.identity.provider.provider import Provider
from testing.identity.login_provider import LoginProvider, login_provider
from testing.identity.provider_settings import LoginSettings


@pytest.fixture
def scripted() -> Iterator[LoginProvider]:
    """A provider that does what the test says."""
    with login_provider() as server:
        yield server


@pytest.fixture
def client(scripted: LoginProvider) -> Provider:
    """A client of the scripted provider, with nothing in memory yet."""
    return Provider(LoginSettings(scripted.issuer))
