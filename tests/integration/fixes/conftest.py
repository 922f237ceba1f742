from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from astro_runtime_plugin.fixes.registry import FIXES, load_fix
from testing.installed_line import LINE
from testing.proof import FIXED, STOCK, Proof, copy_migrated_database
from testing.servers import InterruptiblePostgres, interruptible_postgres

# The proofs of the faults that this line does not have.
collect_ignore = [f"test_{name}.py" for name in FIXES if LINE not in load_fix(name).lines]


@pytest.fixture(params=[STOCK, FIXED])
def proof(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """Both halves of a proof; each has a home with a migrated database."""
    home = tmp_path / "home"
    session = tmp_path_factory.getbasetemp()
    # A worker of pytest-xdist has a folder of its own within the session's.
    in_worker = hasattr(request.config, "workerinput")
    copy_migrated_database((session.parent if in_worker else session) / "templates", home)
    return Proof(request.param, home)


@pytest.fixture
def server() -> Iterator[InterruptiblePostgres]:
    """A database server, and a context in which it is away."""
    with interruptible_postgres() as server:
        yield server
