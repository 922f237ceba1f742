"""Airflow 3's application with this room's auth manager, and a service whose sessions a test puts into it."""

from __future__ import annotations

import os

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from astro_runtime_plugin.identity.roles.grant import Grant
from astro_runtime_plugin.identity.sessions import process
from testing.identity.memory_service import MemoryService
from testing.identity.small_airflow3 import browser_of, small_airflow3
from tests.unit.plugin.identity.airflow3.visits import enter, set_up


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch) -> MemoryService:
    memory = MemoryService()
    monkeypatch.setattr(process, "_services", {os.getpid(): memory})
    return memory


@pytest.fixture
def app(service: MemoryService, monkeypatch: pytest.MonkeyPatch) -> FastAPI:
    set_up(monkeypatch)
    return small_airflow3()


@pytest.fixture
def anonymous(app: FastAPI) -> TestClient:
    """A browser without a session."""
    return browser_of(app)


@pytest.fixture
def client(anonymous: TestClient, service: MemoryService) -> TestClient:
    """A browser in which the Viewer `ann` is logged in."""
    enter(anonymous, service, Grant("Viewer"))
    return anonymous
