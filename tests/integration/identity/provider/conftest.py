from __future__ import annotations

from collections.abc import Iterator

import pytest

from astro_runtime_plugin import background
from astro_runtime_plugin.identity.provider.provider import Provider
from testing.identity.login_provider import LoginProvider, login_provider
from testing.identity.patience import be_patient
from testing.identity.provider_settings import LoginSettings


@pytest.fixture(scope="module", autouse=True)
def _patience() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        be_patient(patch.setattr)
        yield


@pytest.fixture(autouse=True)
def _no_threads_left() -> Iterator[None]:
    """End the threads that the test has started: they would ask, and warn, while other tests run."""
    before = len(background._threads)
    yield
    for _, wait, thread in background._threads[before:]:
        wait.stop()
        thread.join()


@pytest.fixture
def scripted() -> Iterator[LoginProvider]:
    """A provider that does what the test says."""
    with login_provider() as server:
        yield server


@pytest.fixture
def client(scripted: LoginProvider) -> Provider:
    """A client of the scripted provider, with nothing in memory yet."""
    return Provider(LoginSettings(scripted.issuer))
