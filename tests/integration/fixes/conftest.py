from __future__ import annotations

from pathlib import Path

import pytest

from testing.proof import FIXED, STOCK, Proof, copy_migrated_database


@pytest.fixture(params=[STOCK, FIXED])
def proof(request: pytest.FixtureRequest, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Proof:
    """Both halves of a proof; each has a home with a migrated database."""
    home = tmp_path / "home"
    session = tmp_path_factory.getbasetemp()
    in_worker = hasattr(
        request.config, "workerinput"
    )  # of pytest-xdist, whose folders have the session's as parent
    copy_migrated_database((session.parent if in_worker else session) / "templates", home)
    return Proof(request.param, home)
