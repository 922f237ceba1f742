"""A database for tests that write to the Runtime's table."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pytest_mock import MockerFixture
from sqlalchemy import create_engine, event

from astro_runtime_plugin.database import state


@pytest.fixture
def statements(tmp_path: Path, mocker: MockerFixture) -> Iterator[list[tuple[str, Any]]]:
    """Use a database other than this process's Airflow; return the statements that it gets."""
    engine = create_engine(f"sqlite:///{tmp_path}/airflow.db", future=True)
    mocker.patch("airflow.settings.engine", new=engine)
    mocker.patch.object(state, "_table_exists", new=[])
    mocker.patch.object(state, "_warned", new=set())
    seen: list[tuple[str, Any]] = []
    event.listen(engine, "before_cursor_execute", lambda *arguments: seen.append(arguments[2:4]))
    yield seen
    engine.dispose()
