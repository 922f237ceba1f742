"""On MariaDB, assets that no DAG uses any more are deactivated; stock Airflow's scheduler ends instead.

Once a minute the scheduler deletes the entries of such assets with a common table expression before the DELETE, which
MySQL understands and MariaDB does not. With this fix the same query stands where it is used, as a subquery.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "mariadb-assets"


def delete_by_subquery(delete: Callable[..., None]) -> Callable[..., None]:
    """Wrap `_orphan_unreferenced_assets`."""

    @wraps(delete)
    def delete_orphans(assets_query: Any, *, session: Any) -> None:
        delete(attempt(ID, assets_query, _replace_cte, assets_query, session), session=session)

    return delete_orphans


def _replace_cte(assets_query: Any, session: Any) -> Any:
    """Return the query of the assets in a form that the session's database takes before a DELETE."""
    if not getattr(session.get_bind().dialect, "is_mariadb", False):
        return assets_query
    return assets_query.element.subquery()


FIX = Fix(
    id=ID,
    title="A scheduler with MariaDB goes on when it looks for assets that no DAG uses",
    symptom="With MariaDB, a scheduler ends a minute after its start; the log has a syntax error near `asset_active`.",
    issue="",
    ends="Airflow deletes such entries without a common table expression, or MariaDB takes one before a DELETE.",
    patches=(
        Patch(
            "airflow.jobs.scheduler_job_runner",
            "SchedulerJobRunner._orphan_unreferenced_assets",
            ("d7438a6dcc094803",),
            delete_by_subquery,
            ("3.3",),
        ),
    ),
)
