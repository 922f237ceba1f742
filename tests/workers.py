"""Which tests run in one worker of pytest-xdist, and in which order: servers are started once, and nobody waits long.

A worker runs whole files, because the tests of a file share servers, and all files that share what takes long to make.
What takes longest begins first.
"""

from __future__ import annotations

import pytest
from xdist.scheduler import LoadFileScheduling  # type: ignore[import-untyped]

# By a part of the path: the web servers and the browser of the pages, the database that six replicas have migrated.
TOGETHER = {
    "/integration/web/": "web",
    "/test_first_user": "migrated",
    "/test_setup_database": "migrated",
}
# Parts of the paths of files that take more than half a minute, the slowest first.
SLOW = (
    "/integration/web/",
    "/test_limit_follows_workers",
    "/make_run/test_run",
    "/test_kubernetes",
    "/parallelism/test_activate",
    "/hook/",
    "/test_first_user",
    "/test_setup_database",
    "/test_wait_for_database_login",
    "/test_override_contract",
    "/test_example_dags",
    "/integration/inventory/",
    "/test_executors",
    "/test_worker_concurrency",
    "/integration/health/",
    "/integration/updates/",
    "/integration/",
)


class GroupScheduling(LoadFileScheduling):  # type: ignore[misc]
    """Hands whole groups of tests out, in the order in which they were collected."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return next((group for part, group in TOGETHER.items() if part in file), file)


def sort(items: list[pytest.Item]) -> None:
    """Put the slow tests first."""
    items.sort(key=lambda item: _place(item.nodeid.partition("::")[0]))


def _place(path: str) -> int:
    return next((place for place, part in enumerate(SLOW) if part in path), len(SLOW))
