"""What the spool keeps in its files, each as JSON."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

GONE = -1


class TaskIdentity(BaseModel):
    """The try of a task that a log belongs to."""

    model_config = ConfigDict(frozen=True)
    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1
    try_number: int = 0


class Writer(BaseModel):
    """A process that writes a log: its id and its start (seconds since the epoch)."""

    pid: int
    started: float


class Entry(BaseModel):
    """A log file, relative to Airflow's log folder, that is written or has yet to reach the store."""

    path: str
    identity: TaskIdentity | None = None
    machine: str = ""  # where the ids of the writers mean something
    writers: list[Writer] = Field(default_factory=list)
    generation: str = ""  # changes with each registration


class Part(BaseModel):
    """Bytes of the local file, from `local` on, that are in the store from offset `stored` on.

    They are no longer in the file if `local` is GONE.
    """

    local: int
    stored: int
    length: int = 0


class Progress(BaseModel):
    """What of an entry has been shipped to which store."""

    store: str
    generation: str = ""  # of the entry when the offsets were learnt
    parts: list[Part] = Field(default_factory=list)
    tail_length: int = 0
    tail_digest: str = ""  # of the last bytes shipped, by which an emptied file is recognised


class Leftover(BaseModel):
    """Chunks that the whole object at `path` covers up to `end`, but that had to stay.

    `since` is in seconds since the epoch.
    """

    path: str
    store: str
    end: int
    since: float


class Target(BaseModel):
    """Where the logs of a spool go: what the settings of the component say that has started last."""

    url: str
    conn_id: str = ""
    delete_local: bool = False


class Status(BaseModel):
    """What the shipper is doing. Times are seconds since the epoch.

    `is_printed`: the shipper has printed its problem; otherwise a component logs it.
    """

    pid: int = 0
    updated: float = 0.0
    entries: int = 0
    pending_bytes: int = 0
    lost_bytes: int = 0
    lag_seconds: float = 0.0
    requests: int = 0
    problem: str = ""
    problem_since: float = 0.0
    is_printed: bool = False
