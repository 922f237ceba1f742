"""The schedulers that have ended: their tasks are taken over when that is noticed."""

from __future__ import annotations

from collections.abc import Callable


class EndedSchedulers:
    """The jobs of other schedulers that had ended when one scheduler, with the job `job_id`, last looked.

    A scheduler that is merely silent is not among them: it may be slow, and go on. Airflow itself looks for those.
    Raises SQLAlchemyError if the database cannot be read, as `process` does.
    """

    def __init__(self, job_id: int) -> None:
        self._job_id = job_id
        self._processed = ended_jobs(job_id)

    def process(self, adopt: Callable[[], object]) -> None:
        """Call `adopt` if a scheduler has ended since; if it fails, the next look calls it again."""
        ended = ended_jobs(self._job_id)
        if ended - self._processed:
            adopt()
        self._processed = ended


def ended_jobs(job_id: int) -> set[int]:
    """Return the jobs of other schedulers that wrote a heartbeat within a day, and have ended."""
    from datetime import datetime, timedelta, timezone

    from airflow.jobs.job import Job
    from sqlalchemy import select

    from astro_runtime_plugin.fixes.support.queued_tasks import open_session

    query = select(Job.id).where(
        Job.job_type == "SchedulerJob",
        Job.id != job_id,
        Job.latest_heartbeat > datetime.now(timezone.utc) - timedelta(days=1),
        Job.state != "running",
    )
    with open_session() as session:
        return set(session.scalars(query))
