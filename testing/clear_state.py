"""Removes a test's rows from the Runtime's table."""

from __future__ import annotations

from airflow.utils.session import create_session
from sqlalchemy import delete

from astro_runtime_plugin.database import state


def clear_state(*kinds: str) -> None:
    """Delete all rows of these kinds."""
    for kind in kinds:
        if state.fetch(kind):
            with create_session() as session:
                session.execute(delete(state.TABLE).where(state.TABLE.c.kind == kind))
