"""Reports a success with an asset to the real Execution API, whose transaction PostgreSQL aborts as a deadlock."""

from __future__ import annotations

import os
import threading
from datetime import datetime, timezone
from typing import Any

from airflow.models.asset import AssetEvent
from airflow.sdk.api.datamodels._generated import AssetProfile
from airflow.settings import engine
from airflow.utils.session import create_session
from sqlalchemy import text

from testing.dag_run import create_run, dag_source, in_process_client, set_state, state_of, task_instance
from testing.proof import report
from testing.waiting import wait_until

ASSET = "x://store/asset"
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")


def lock_events(holds: threading.Event) -> None:
    """Lock the asset events, and when the API server waits for them, the row of the task, which the API server has."""
    with engine.begin() as connection, engine.connect() as observer:
        # PostgreSQL aborts the transaction whose timeout ends first: the other one.
        connection.execute(text("SET deadlock_timeout = '10min'"))
        connection.execute(text("LOCK TABLE asset_event"))
        holds.set()
        wait_until(lambda: observer.execute(WAITING).scalar(), seconds=60)
        connection.execute(text("SELECT 1 FROM task_instance FOR UPDATE"))


def succeed(api: Any, instance: Any) -> None:
    asset = AssetProfile(name=ASSET, uri=ASSET, type="Asset")
    api.task_instances.succeed(instance, datetime.now(timezone.utc), [asset], [], None)


create_run(
    "dag", "from airflow.sdk import Asset\n" + dag_source("dag", ["task"], f"outlets=[Asset('{ASSET}')]")
)
with engine.begin() as connection:
    name = connection.execute(text("SELECT current_database()")).scalar()
    connection.execute(text(f"ALTER DATABASE {name} SET deadlock_timeout = '5s'"))
engine.dispose()
set_state("task", "queued", try_number=1)
api = in_process_client()
with create_session() as session:
    instance = task_instance("task", session).id
api.task_instances.start(instance, os.getpid(), datetime.now(timezone.utc))
holds = threading.Event()
blocker = threading.Thread(target=lock_events, args=[holds])
blocker.start()
assert holds.wait(60)
succeed(api, instance)
blocker.join(60)
with create_session() as session:
    report({"state": state_of("task"), "asset events": session.query(AssetEvent).count()})
