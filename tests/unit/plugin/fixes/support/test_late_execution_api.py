"""The API is built once, at the first request, and its transport is freed with the one that stands for it."""

from __future__ import annotations

import gc
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from astro_runtime_plugin.fixes.support.late_execution_api import BuildError, LateExecutionAPI


class FakeTransport(httpx.MockTransport):
    closed = False

    def __init__(self) -> None:
        super().__init__(lambda request: httpx.Response(200, text=request.url.path))

    def close(self) -> None:
        self.closed = True


class FakeAPI:
    """What is built."""

    app = "an application"

    def __init__(self, events: list[str]) -> None:
        events.append("built")
        time.sleep(0.05)
        self.transport = FakeTransport()


@pytest.fixture
def events() -> list[str]:
    return []


@pytest.fixture
def api(events: list[str]) -> LateExecutionAPI:
    return LateExecutionAPI(lambda: FakeAPI(events), lambda: events.append("settled"))


def client(api: LateExecutionAPI) -> httpx.Client:
    return httpx.Client(base_url="http://in-process", transport=api.transport)


def test_client_without_requests_builds_nothing(api: LateExecutionAPI, events: list[str]) -> None:
    with client(api):
        pass
    assert events == []


def test_requests_of_several_threads_share_one_api(api: LateExecutionAPI, events: list[str]) -> None:
    paths = [f"/{number}" for number in range(8)]
    with ThreadPoolExecutor() as pool:
        assert [*pool.map(lambda path: client(api).get(path).text, paths)] == paths
    assert events.count("built") == 1


def test_settles_after_the_first_answer_only(api: LateExecutionAPI, events: list[str]) -> None:
    for _ in range(2):
        client(api).get("/")
    assert events == ["built", "settled"]


def test_build_that_fails_raises_no_exception_that_airflow_would_answer(events: list[str]) -> None:
    def build() -> FakeAPI:
        raise ImportError("no FastAPI")

    with pytest.raises(BuildError) as caught:
        client(LateExecutionAPI(build, lambda: events.append("settled"))).get("/")
    assert isinstance(caught.value.__cause__, ImportError)
    assert not isinstance(caught.value, Exception)
    assert events == []


def test_close_closes_the_transport_that_was_built(api: LateExecutionAPI) -> None:
    with client(api) as opened:
        opened.get("/")
    built = api.transport._transport
    assert isinstance(built, FakeTransport)
    assert built.closed


def test_anything_else_is_that_of_the_api(api: LateExecutionAPI, events: list[str]) -> None:
    assert api.app == "an application"
    client(api).get("/")
    assert events == ["built", "settled"]
    with pytest.raises(AttributeError):
        _ = api.other


def test_transport_of_the_api_is_freed_without_a_collection(events: list[str]) -> None:
    built: list[weakref.ref[FakeTransport]] = []

    def build() -> FakeAPI:
        made = FakeAPI(events)
        built.append(weakref.ref(made.transport))
        return made

    gc.disable()
    try:
        api = LateExecutionAPI(build, lambda: None)
        api.transport.handle_request(httpx.Request("GET", "http://in-process/"))
        assert built[0]() is not None
        del api
        assert built[0]() is None
    finally:
        gc.enable()
