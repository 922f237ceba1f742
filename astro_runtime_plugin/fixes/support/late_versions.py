"""Builds the newest version of an API with Cadwyn first, and the others when one of them is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from threading import RLock
from typing import Any

Initialize = Callable[[Any], None]
_newest_only: ContextVar[bool] = ContextVar("newest_only", default=False)
_lock = RLock()


class NewestVersion:
    """Stands for the versions of an API where only the newest is to be built; all else is theirs."""

    def __init__(self, versions: Any) -> None:
        self._versions = versions

    def __iter__(self) -> Iterator[Any]:
        return iter([next(iter(self._versions))])

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the versions."""
        return getattr(self._versions, name)


class LateRouter:
    """Stands for the router of an older version; whatever is asked of it builds all versions."""

    def __init__(self, version: str, find: Callable[[LateRouter], Any]) -> None:
        self.version, self._find = version, find

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the router."""
        return getattr(self._find(self), name)


def limit_versions(transform: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Wrap `transform`, which builds the routers of all versions."""

    def transform_some(transformer: Any) -> Any:
        if _newest_only.get():
            transformer.versions = NewestVersion(transformer.versions)
            transformer.routes_that_never_existed = []  # those of older versions, which are not looked at
        return transform(transformer)

    return transform_some


def build_newest(initialize: Initialize, app: Any) -> bool:
    """Build the newest version of an application and stand-ins for the others.

    Always returns True, so that a caller's `attempt` can tell success from failure. Raises what the build raises; the
    application then has the routes that it had.
    """
    routes = list(app.router.routes)
    token = _newest_only.set(True)
    try:
        initialize(app)
    except Exception:
        _clear(app, routes)
        raise
    finally:
        _newest_only.reset(token)
    older = [version.value for version in app.versions][1:]
    if not any(app.router.versioned_routers[version].routes for version in older):
        _add_late_routers(initialize, app, routes, older)
    return True


def _add_late_routers(initialize: Initialize, app: Any, routes: list[Any], versions: Iterable[str]) -> None:
    routers = app.router.versioned_routers

    def find(late: LateRouter) -> Any:
        with _lock:
            if routers[late.version] is late:
                _build_all(initialize, app, routes)
        return routers[late.version]

    routers.update({version: LateRouter(version, find) for version in versions})


def _build_all(initialize: Initialize, app: Any, routes: list[Any]) -> None:
    """Build all versions; the newest goes on as it is if that fails."""
    before = list(app.router.routes), dict(app.router.versioned_routers)
    try:
        _clear(app, routes)
        initialize(app)
    except Exception:
        app.router.routes[:], app._cadwyn_initialized = before[0], True
        app.router.versioned_routers.update(before[1])
        raise


def _clear(app: Any, routes: list[Any]) -> None:
    """Forget what has been built: an application is then as before it was initialized."""
    app.router.routes[:] = routes
    app._add_default_versioned_routers()
    app._cadwyn_initialized = False
    for change in (change for version in app.versions for change in version.changes):
        for route in app._latest_version_router.routes:
            change._route_to_response_migration_mapping.pop(id(route), None)
            change._route_to_request_migration_mapping.pop(id(route), None)
