"""What the machines report about their task logs: in metrics, and in a row of each for the Runtime page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, Field

from astro_runtime_plugin.airflow_compat import send_gauge
from astro_runtime_plugin.database import rows, state
from astro_runtime_plugin.options.text import printable, single_line
from astro_runtime_plugin.parallelism.bounds import MAX_COMPONENTS
from astro_runtime_plugin.task_logs.shipping.records import Status

KIND = "task logs"
FRESH_SECONDS = 120.0  # a machine whose row is older is gone
MAX_LENGTH = 4 * 1024  # characters of a row
Bytes = Annotated[int, Field(ge=0, le=10**18)]
Seconds = Annotated[float, Field(ge=0, le=10**9)]
Problem = Annotated[str, AfterValidator(single_line)]


class MachineRow(BaseModel):
    """A machine's row in the database: what it has yet to send to the store."""

    pending_bytes: Bytes = Field(description="what is on its disk, and not yet in the store")
    lost_bytes: Bytes = Field(description="what was gone before it could be sent")
    lag_seconds: Seconds = Field(description="how long the oldest pending byte has waited")
    problem: Problem = Field(description="why the store takes nothing; empty if it does")


class MachineLogs(MachineRow):
    """What one machine has yet to send to the store."""

    machine: str = Field(description="the host, as Airflow records it")


class TaskLogsSummary(BaseModel):
    """Where task logs are kept, and what has yet to get there."""

    store: str = Field(description="the URL of the store; empty if task logs stay where they are written")
    retention_days: int = Field(description="for how many days they are kept there; 0: for ever")
    pending_bytes: int = Field(description="what is on the machines' disks, and not yet in the store")
    lost_bytes: int = Field(description="what was gone before it could be sent")
    lag_seconds: float = Field(description="how long the oldest pending byte has waited")
    machines: list[MachineLogs] = Field(description="the machines that write task logs, sorted")


def machine_row(status: Status, problem: str, now: float) -> dict[str, Any]:
    """Return a machine's row at `now`, in seconds since the epoch; `problem` is what the check of the store found.

    While the store takes nothing, what is pending has waited for as long as that.
    """
    waiting = now - status.problem_since if status.pending_bytes and status.problem_since else 0.0
    return MachineRow(
        pending_bytes=max(status.pending_bytes, 0),
        lost_bytes=max(status.lost_bytes, 0),
        lag_seconds=round(max(status.lag_seconds, waiting, 0.0), 3),
        problem=status.problem or problem,
    ).model_dump()


def send_metrics(row: Mapping[str, Any]) -> None:
    """Send the gauges of a machine."""
    send_gauge("astro_runtime.task_logs.pending_bytes", row["pending_bytes"])
    send_gauge("astro_runtime.task_logs.lost_bytes", row["lost_bytes"])
    send_gauge("astro_runtime.task_logs.lag_seconds", row["lag_seconds"])


def save_row(machine: str, row: Mapping[str, Any]) -> None:
    """Save a machine's row for the web server. Raises SQLAlchemyError."""
    state.put(KIND, machine[-200:], dict(row))


def fetch_machines() -> list[MachineLogs]:
    """Return what the machines have reported last; nothing if the database cannot be read."""
    machine_rows = rows.fetch_valid(KIND, MachineRow, FRESH_SECONDS, MAX_COMPONENTS, MAX_LENGTH)
    return [
        MachineLogs(machine=printable(name), **row.model_dump()) for name, row in sorted(machine_rows.items())
    ]


def summarize(store: str, retention_days: int, machines: Iterable[MachineLogs]) -> TaskLogsSummary:
    """Return the totals of all machines; of lag, the longest."""
    listed = list(machines)
    return TaskLogsSummary(
        store=store,
        retention_days=retention_days,
        pending_bytes=sum(machine.pending_bytes for machine in listed),
        lost_bytes=sum(machine.lost_bytes for machine in listed),
        lag_seconds=max((machine.lag_seconds for machine in listed), default=0.0),
        machines=listed,
    )
