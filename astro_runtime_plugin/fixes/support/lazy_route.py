"""A route of FastAPI whose parameters and models are built when they are first needed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from threading import RLock
from types import FunctionType, SimpleNamespace
from typing import Any

MODULE = "fastapi.routing"
OPTIONS = "_astro_runtime_options"  # what a route is to be built from; it has the attribute until it is built
# The attributes that the constructor builds from a route's function and its models.
BUILT = (
    *("dependant", "_flat_dependant", "_embed_body_fields", "body_field"),
    *("response_field", "response_fields", "stream_item_field", "is_sse_stream", "is_json_stream", "app"),
)
_lock = RLock()


def _no_dependant(**_: Any) -> SimpleNamespace:
    return SimpleNamespace(dependencies=[], is_async_gen_callable=False, is_gen_callable=False)


# What the constructor calls for that, by its name in FastAPI's module, with what builds nothing in its place.
STUBS: Mapping[str, Callable[..., Any]] = {
    "create_model_field": lambda **_: None,
    "get_dependant": _no_dependant,
    "get_parameterless_sub_dependant": lambda **_: None,
    "get_flat_dependant": lambda _: SimpleNamespace(body_params=[]),
    "_should_embed_body_fields": lambda _: False,
    "get_body_field": lambda **_: None,
    "request_response": lambda _: None,
}


class BuiltAttribute:
    """An attribute of a route that builds the route when it is read, unless the route has it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, route: Any, _owner: type) -> Any:
        if route is None:
            return self
        with _lock:
            values = vars(route)
            if self._name not in values:
                _build(values, self._name)
            return values[self._name]


def _build(values: dict[str, Any], name: str) -> None:
    """Build a route's attributes as its constructor does; those that were set in the meantime stay."""
    if OPTIONS not in values:
        raise AttributeError(name)
    init, path, endpoint, options = values[OPTIONS]
    twin = object.__new__(_route_class())
    init(twin, path, endpoint, **options)
    for attribute in BUILT:
        values.setdefault(attribute, vars(twin)[attribute])
    del values[OPTIONS]


def _route_class() -> Any:
    return sys.modules[MODULE].APIRoute


def outline_constructor(init: Any) -> Any:
    """Return the constructor of FastAPI's APIRoute as it would be if it built nothing."""
    outline: Any = FunctionType(
        init.__code__, {**init.__globals__, **STUBS}, init.__name__, init.__defaults__, init.__closure__
    )
    outline.__kwdefaults__ = init.__kwdefaults__
    return outline


def postpone(init: Any, outline: Any, route: Any, path: str, endpoint: Any, options: dict[str, Any]) -> bool:
    """Construct a route that is built later; return False for one whose class builds it otherwise."""
    base = _route_class()
    if type(route).get_route_handler is not base.get_route_handler:
        return False
    for name in BUILT:
        if name not in vars(base):
            setattr(base, name, BuiltAttribute(name))
    values = vars(route)
    values["get_route_handler"] = lambda: None
    try:
        outline(route, path, endpoint, **options)
    finally:
        for name in (*BUILT, "get_route_handler"):
            values.pop(name, None)
    values[OPTIONS] = init, path, endpoint, options
    return True
