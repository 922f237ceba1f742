from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from astro_runtime_plugin.fixes.registry import FIXES, load_fix
from testing.installed_line import LINE
from testing.proof import FIXED, STOCK, Proof, copy_migrated_database, templates_folder
from testing.servers import InterruptiblePostgres, interruptible_postgres

# The proofs of the faults that this line does not have.
collect_ignore = [f"test_{name}.py" for name in FIXES if LINE not in load_fix(name).lines]


@pytest.fixture(params=[STOCK, FIXED])
def half(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """Stock Airflow, and Airflow with the fixes, for a test of what is the same in both; with a migrated database."""
    home = tmp_path / "home"
    copy_migrated_database(templates_folder(tmp_path_factory), home)
    return Proof(request.param, home)


@pytest.fixture
def proof(half: Proof, request: pytest.FixtureRequest) -> Iterator[Proof]:
    """Both halves of a proof, which must differ in at least one expectation: else stock Airflow passes, too."""
    failures = request.session.testsfailed
    yield half
    if request.session.testsfailed == failures:
        assert any(half.differences), "stock Airflow is expected to do the same: this proves no fix"


@pytest.fixture
def server() -> Iterator[InterruptiblePostgres]:
    """A database server, and a context in which it is away."""
    with interruptible_postgres() as server:
        yield server
