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
from sqlalchemy import create_engine, event, text

from testing.dag_run import create_run, dag_source, in_process_client, set_state, state_of, task_instance
from testing.proof import report
from testing.waiting import wait_until

ASSET = "x://store/asset"
WAITING = text("SELECT count(*) FROM pg_locks WHERE NOT granted")
holds, asks = threading.Event(), threading.Event()


def lock_events() -> None:
    """Lock the asset events, and when the API server asks for them, the row of the task, which the API server has."""
    with engine.begin() as connection:
        # PostgreSQL looks for a deadlock once, when a transaction has waited for this long, and aborts that one.
        connection.execute(text("SET deadlock_timeout = '10min'"))
        connection.execute(text("LOCK TABLE asset_event"))
        holds.set()
        assert asks.wait(300)
        connection.execute(text("SELECT 1 FROM task_instance FOR UPDATE"))


def ask_last(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
    """Let the API server ask for the events once the other waits: then there is a deadlock when PostgreSQL looks."""
    if "asset_event" in statement and holds.is_set() and not asks.is_set():
        asks.set()
        with observers.connect() as observer:
            wait_until(lambda: observer.execute(WAITING).scalar())


def succeed(api: Any, instance: Any) -> None:
    asset = AssetProfile(name=ASSET, uri=ASSET, type="Asset")
    api.task_instances.succeed(instance, datetime.now(timezone.utc), [asset], [], None)


create_run(
    "dag", "from airflow.sdk import Asset\n" + dag_source("dag", ["task"], f"outlets=[Asset('{ASSET}')]")
)
set_state("task", "queued", try_number=1)
api = in_process_client()
with create_session() as session:
    instance = task_instance("task", session).id
api.task_instances.start(instance, os.getpid(), datetime.now(timezone.utc))
observers = create_engine(engine.url)
blocker = threading.Thread(target=lock_events)
blocker.start()
assert holds.wait(300)
event.listen(engine, "before_cursor_execute", ask_last)
succeed(api, instance)
blocker.join()
with create_session() as session:
    report({"state": state_of("task"), "asset events": session.query(AssetEvent).count()})
