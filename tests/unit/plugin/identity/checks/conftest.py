"""A provider that the checks ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from testing.identity.login_provider import LoginProvider, login_provider
from testing.identity.patience import be_patient


@pytest.fixture(autouse=True)
def _patience(monkeypatch: pytest.MonkeyPatch) -> None:
    be_patient(monkeypatch.setattr)


@pytest.fixture
def provider() -> Iterator[LoginProvider]:
    with login_provider() as running:
        yield running
