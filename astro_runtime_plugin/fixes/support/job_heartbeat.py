"""The heartbeat of a job, without the rest of what Airflow does when it writes one."""

from __future__ import annotations

from datetime import datetime
from typing import Any


def heartbeat_update(job_id: int, now: datetime) -> Any:
    """Return the statement that writes the heartbeat of a job, unless another scheduler has called the job dead."""
    from airflow.jobs.job import Job
    from sqlalchemy import update

    statement = update(Job).where(Job.id == job_id, Job.state == "running").values(latest_heartbeat=now)
    return statement.execution_options(synchronize_session=False)
