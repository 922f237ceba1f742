"""What tests of task logs share: stores in a real S3 server and in a folder, machines, and a home with a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from astro_runtime_plugin.task_logs.settings import TaskLogSettings
from astro_runtime_plugin.task_logs.stores.store import LogStore, Patience, open_store
from testing.google_server import BUCKET as GOOGLE_BUCKET
from testing.google_server import google_server
from testing.orders_home import OrdersHome, create_run
from testing.proof import copy_migrated_database, templates_folder
from testing.s3_server import BUCKET, S3Server, s3_server
from testing.task_logs import Machine, machine

# The tests' own client: one that gives a request up, and asks again, finds what the first one has written.
PATIENT = Patience(connect_seconds=60, read_seconds=120)


@dataclass
class Place:
    """A store, and how a process finds it."""

    url: str
    environ: Mapping[str, str]
    store: LogStore


def bucket_place(
    bucket: str, environ: Mapping[str, str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> Place:
    """Return the place of one test in a bucket."""
    for name, text in environ.items():
        monkeypatch.setenv(name, text)
    url = f"{bucket}/{folder.name}/prefix"
    return Place(url, environ, open_store(TaskLogSettings(url=url), PATIENT))


@pytest.fixture(scope="session")
def s3() -> Iterator[S3Server]:
    with s3_server() as server:
        yield server


@pytest.fixture
def s3_place(s3: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return bucket_place(f"s3://{BUCKET}", s3.environ(), tmp_path, monkeypatch)


@pytest.fixture(scope="session")
def google() -> Iterator[dict[str, str]]:
    """The variables by which a process finds a server with Google's API."""
    with google_server() as environ:
        yield environ


@pytest.fixture
def google_place(google: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    return bucket_place(f"gs://{GOOGLE_BUCKET}", google, tmp_path, monkeypatch)


@pytest.fixture
def folder_place(tmp_path: Path) -> Place:
    url = f"file://{tmp_path}/shared"
    return Place(url, {}, open_store(TaskLogSettings(url=url)))


@pytest.fixture(params=["s3", "folder"])
def place(request: pytest.FixtureRequest) -> Place:
    place: Place = request.getfixturevalue(f"{request.param}_place")
    return place


class Machines:
    """Makes machines whose shippers end with the test."""

    def __init__(self, home: Path, stack: ExitStack) -> None:
        self._home, self._stack = home, stack

    def __call__(
        self, place: Place, name: str = "machine", environ: Mapping[str, str] | None = None
    ) -> Machine:
        context = machine(self._home / name, place.url, environ or place.environ)
        return self._stack.enter_context(context)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        yield Machines(tmp_path, stack)


@pytest.fixture(scope="session")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An AIRFLOW_HOME with a run of a DAG."""
    path = tmp_path_factory.mktemp("orders")
    copy_migrated_database(templates_folder(tmp_path_factory), path)
    create_run(path)
    return path


@pytest.fixture
def home(orders: Path, tmp_path: Path) -> OrdersHome:
    shutil.copy(orders / "airflow.db", tmp_path / "airflow.db")
    return OrdersHome(tmp_path)
