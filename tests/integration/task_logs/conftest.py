"""The stores that the tests of the shipper run against: a real S3 server, and a folder."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import LogStore, open_store
from testing.s3_server import BUCKET, S3Server, s3_server
from testing.task_logs import Machine, machine


@dataclass
class Place:
    """A store, and how a process finds it."""

    url: str
    environ: Mapping[str, str]
    store: LogStore


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3_place(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    for name, text in s3.environ().items():
        monkeypatch.setenv(name, text)
    url = f"s3://{BUCKET}/{tmp_path.name}/prefix"
    return Place(url, s3.environ(), open_store(TaskLogSettings(url=url)))


@pytest.fixture
def folder_place(tmp_path: Path) -> Place:
    url = f"file://{tmp_path}/shared"
    return Place(url, {}, open_store(TaskLogSettings(url=url)))


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest) -> Place:
    found: Place = request.getfixturevalue(f"{request.param}_place")
    return found


class Machines:
    """Makes machines whose shippers end with the test."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack

    def __call__(
        self, place: Place, name: str = "machine", environ: Mapping[str, str] | None = None
    ) -> Machine:
        found = machine(self._home / name, place.url, environ or place.environ)
        return self._stack.enter_context(found)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        yield Machines(tmp_path, stack)
