"""What a Celery worker replies, checked: any process that reaches the broker can send anything.

Each function returns what is needed of one worker's reply. Raises InvalidReplyError, whose text has no secrets, is
short and printable.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, Final, TypeVar

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, WrapValidator

from astro_runtime_plugin.options.text import MAX_NAME_LENGTH, printable
from astro_runtime_plugin.parallelism.bounds import MAX_QUEUES, MAX_REASON
from astro_runtime_plugin.releases.running_image import RunningImage

# The names of the tasks that Airflow's workers register; another Celery application may share the broker.
AIRFLOW_TASKS = ("execute_workload", "execute_command", "airflow.")
# Of the image in the reply to `inspect stats`; stock workers do not have it.
IMAGE_KEY: Final = "astro_runtime"
T = TypeVar("T")


class InvalidReplyError(ValueError):
    """A worker's reply cannot be used."""


class Strict(BaseModel):
    """A part of a reply; a number must be one."""

    model_config = ConfigDict(strict=True)


class Autoscaler(Strict):
    """The limits of `--autoscale`."""

    max: int | None = Field(None, ge=0)


class Pool(Strict):
    """A worker's pool; only some kinds of pool report their processes."""

    concurrency: int | None = Field(None, ge=0, alias="max-concurrency")
    processes: list[Any] | None = None


def _valid_or_none(reply: Any, validate: Callable[[Any], T]) -> T | None:
    try:
        return validate(reply)
    except ValidationError:
        return None


class Stats(Strict):
    """The reply to `inspect stats`, as far as it is needed. A worker counts whatever it says of its image."""

    pid: int | None = None
    pool: Pool | None = None
    autoscaler: Autoscaler | None = None
    image: Annotated[RunningImage | None, WrapValidator(_valid_or_none)] = Field(None, alias=IMAGE_KEY)

    @property
    def pool_size(self) -> int:
        """How many tasks the worker says it can run at once.

        With an autoscaler it is the maximum: Celery lets a pool grow only once it has more tasks than processes, so a
        limit at the present size would keep it there. Source: celery/worker/autoscale.py and
        celery/concurrency/prefork.py.
        """
        if self.autoscaler and self.autoscaler.max is not None:
            return self.autoscaler.max
        if not self.pool:
            return 0
        return len(self.pool.processes) if self.pool.processes else self.pool.concurrency or 0


class Named(Strict):
    """A queue in the reply to `inspect active_queues`."""

    name: str


class Task(Strict):
    """A task in the reply to `inspect active`."""

    id: str = Field(max_length=MAX_NAME_LENGTH)


QUEUES, TASKS, NAMES = TypeAdapter(list[Named]), TypeAdapter(list[Task]), TypeAdapter(list[str])


def read_stats(reply: Any) -> Stats:
    """Return the reply to `inspect stats`."""
    return _validate(Stats.model_validate, reply)


def read_queues(reply: Any) -> tuple[str, ...]:
    """Return the names of the queues in the reply to `inspect active_queues`, sorted and printable."""
    names = {printable(queue.name) for queue in _validate(QUEUES.validate_python, reply)}
    if len(names) > MAX_QUEUES:
        raise InvalidReplyError(f"it has {len(names)} queues, more than {MAX_QUEUES}")
    return tuple(sorted(names))


def read_tasks(reply: Any) -> list[str]:
    """Return the ids in the reply to `inspect active`."""
    return [task.id for task in _validate(TASKS.validate_python, reply)]


def read_is_airflow(reply: Any) -> bool:
    """Return whether the reply to `inspect registered` is that of a worker of Airflow's."""
    return any(task.startswith(AIRFLOW_TASKS) for task in _validate(NAMES.validate_python, reply))


def _validate(validate: Callable[[Any], T], reply: Any) -> T:
    if isinstance(reply, Mapping) and "error" in reply:
        raise InvalidReplyError(f"it replied with an error: {printable(str(reply['error']), MAX_REASON)}")
    try:
        return validate(reply)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(map(str, first["loc"])) or "the reply"
        raise InvalidReplyError(printable(f"{place}: {first['msg']}", MAX_REASON)) from None
