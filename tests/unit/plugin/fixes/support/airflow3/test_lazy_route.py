from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from copy import copy, deepcopy
from inspect import unwrap
from threading import get_ident
from typing import Any

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.exceptions import FastAPIError
from fastapi.routing import APIRoute
from pydantic import BaseModel
from starlette.testclient import TestClient

from astro_runtime_plugin.fixes.eager_routes import build_later
from astro_runtime_plugin.fixes.support.lazy_route import OPTIONS


class Item(BaseModel):
    number: int


class LoudRoute(APIRoute):
    """Builds its handler in its own way."""

    def get_route_handler(self) -> Callable[..., Any]:
        self.loud = True
        return super().get_route_handler()


class LabelledRoute(APIRoute):
    """Adds to the constructor, as Airflow's ExecutionAPIRoute does."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.labels = [f"{dependency}" for dependency in self.dependencies]


@pytest.fixture
def airflow_module(monkeypatch: pytest.MonkeyPatch) -> None:
    """FastAPI with the fix, which takes functions of this module for Airflow's."""
    monkeypatch.setattr("astro_runtime_plugin.fixes.eager_routes.OWN", (__name__,))
    monkeypatch.setattr(APIRoute, "__init__", build_later(unwrap(APIRoute.__init__)))


def create(item: Item, limit: int = 1) -> Item:
    return Item(number=item.number * limit)


def is_built(route: APIRoute) -> bool:
    return OPTIONS not in vars(route)


def only_route(router: APIRouter) -> APIRoute:
    (route,) = router.routes
    assert isinstance(route, APIRoute)
    return route


@pytest.mark.usefixtures("airflow_module")
def test_route_is_built_once_when_it_is_used() -> None:
    inner, outer, app = APIRouter(), APIRouter(), FastAPI(openapi_url=None)
    inner.post("/items")(create)
    outer.include_router(inner, prefix="/v1")
    app.include_router(outer)
    assert [is_built(only_route(router)) for router in (inner, outer, app.router)] == [False, False, False]
    client = TestClient(app)
    assert client.post("/v1/items?limit=3", json={"number": 2}).json() == {"number": 6}
    assert client.post("/v1/items", json={"number": "two"}).status_code == 422
    assert client.get("/v1/items").status_code == 405
    assert [is_built(only_route(router)) for router in (inner, outer, app.router)] == [False, False, True]


@pytest.mark.usefixtures("airflow_module")
def test_route_of_another_module_is_built_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    router = APIRouter()
    monkeypatch.setattr(create, "__module__", "plugin")
    router.post("/items")(create)
    assert is_built(only_route(router))


@pytest.mark.usefixtures("airflow_module")
def test_route_with_a_handler_of_its_own_is_built_at_once() -> None:
    router = APIRouter(route_class=LoudRoute)
    router.post("/items")(create)
    route = only_route(router)
    assert is_built(route)
    assert vars(route)["loud"]


@pytest.mark.usefixtures("airflow_module")
def test_route_whose_class_adds_to_the_constructor_is_built_later() -> None:
    router = APIRouter(route_class=LabelledRoute)
    router.post("/items")(create)
    route = only_route(router)
    assert vars(route)["labels"] == []
    assert not is_built(route)
    assert [field.name for field in route.dependant.query_params] == ["limit"]


@pytest.mark.usefixtures("airflow_module")
def test_what_was_set_before_stays() -> None:
    route = APIRoute("/items", create)
    route.body_field = None
    assert route.response_field is not None
    assert route.body_field is None


@pytest.mark.usefixtures("airflow_module")
@pytest.mark.parametrize("duplicate", [copy, deepcopy])
def test_copy_is_built_of_its_own(duplicate: Callable[[APIRoute], APIRoute]) -> None:
    route = APIRoute("/items", create)
    other = duplicate(route)
    assert other.dependant.call is create
    assert (is_built(other), is_built(route)) == (True, False)


class Opaque:
    """Nothing that a request can have."""


def create_from_opaque(item: Opaque) -> None: ...


@pytest.mark.usefixtures("airflow_module")
def test_mistake_is_reported_each_time() -> None:
    route = APIRoute("/items", create_from_opaque)
    for _ in range(2):
        with pytest.raises(FastAPIError, match="Opaque"):
            _ = route.app


@pytest.mark.usefixtures("airflow_module")
def test_threads_build_a_route_once() -> None:
    builders: list[int] = []
    route = APIRoute("/items", create)
    init, *rest = vars(route)[OPTIONS]

    def construct(*arguments: Any, **options: Any) -> None:
        builders.append(get_ident())
        time.sleep(0.1)  # so that the other threads come meanwhile
        init(*arguments, **options)

    vars(route)[OPTIONS] = construct, *rest
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(lambda _: id(route.dependant), range(8)))) == 1
    assert len(builders) == 1


def fail_in_outline(*_: Any, **_options: Any) -> None:
    raise TypeError("another FastAPI")


def test_failing_outline_builds_at_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("astro_runtime_plugin.fixes.eager_routes.OWN", (__name__,))
    monkeypatch.setattr(
        "astro_runtime_plugin.fixes.eager_routes.outline_constructor", lambda _: fail_in_outline
    )
    monkeypatch.setattr(APIRoute, "__init__", build_later(unwrap(APIRoute.__init__)))
    app = FastAPI(openapi_url=None)
    app.post("/items")(create)
    assert TestClient(app).post("/items", json={"number": 2}).json() == {"number": 2}
    assert "fix eager-routes failed (TypeError)" in caplog.text


@pytest.mark.usefixtures("airflow_module")
def test_function_without_a_module_has_a_route(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(create, "__module__", None)
    assert is_built(APIRoute("/items", create))
