"""Looks for assets that no DAG uses, as a scheduler does once a minute, in the MariaDB of the URL that is given."""

from __future__ import annotations

import sys

from airflow.jobs.scheduler_job_runner import SchedulerJobRunner
from airflow.models.asset import AssetActive, AssetModel
from airflow.models.base import Base
from sqlalchemy import create_engine
from sqlalchemy.exc import ProgrammingError
from sqlalchemy.orm import Session

from testing.proof import report

engine = create_engine(sys.argv[1])  # with a driver that Airflow does not take for its own database
Base.metadata.create_all(engine)
with Session(engine) as session, session.begin():
    session.add(AssetModel(name="unused", uri="x://unused", group="asset"))
    session.flush()
    session.add(AssetActive(name="unused", uri="x://unused"))
error = ""
try:
    with Session(engine) as session, session.begin():
        SchedulerJobRunner._update_asset_orphanage(object.__new__(SchedulerJobRunner), session=session)
except ProgrammingError as refusal:
    error = str(refusal.orig)
with Session(engine) as session:
    report({"error": error, "active": session.query(AssetActive).count()})
