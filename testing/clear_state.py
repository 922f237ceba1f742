"""What a test has left in the Runtime's table is taken away."""

from __future__ import annotations

from airflow.utils.session import create_session
from sqlalchemy import delete

from astro_runtime_plugin.database import state


def forget(*kinds: str) -> None:
    """Delete all rows of these kinds, where there are any."""
    for kind in kinds:
        if state.fetch(kind):
            with create_session() as session:
                session.execute(delete(state.TABLE).where(state.TABLE.c.kind == kind))
