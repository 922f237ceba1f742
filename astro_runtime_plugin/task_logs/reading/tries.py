"""The tries of a task in the metadata database: where the log of one is, and whether it has ended."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from airflow.models.dagrun import DagRun
from airflow.models.taskinstance import TaskInstance
from airflow.utils.log.file_task_handler import FileTaskHandler
from airflow.utils.session import create_session
from airflow.utils.state import State

from astro_runtime_plugin.options.text import printable

MAX_NAMED = 5  # map indexes in a message
# Of the current try: a try is over if its task waits for the next one, or was cleared and has no state.
OVER = frozenset({*State.finished, "up_for_retry", "removed", None})


class UnknownTryError(LookupError):
    """There is no such DAG, run, task, map index or try; the message says which."""


class TaskName(NamedTuple):
    """What names a task instance."""

    dag_id: str
    run_id: str
    task_id: str
    map_index: int = -1


class TaskTry(NamedTuple):
    """A try: its number (0 if the task has not begun), and its log's path, relative to the log folder."""

    number: int
    path: str


def find_try(task: TaskName, number: int | None = None) -> TaskTry:
    """Return a try of a task; the latest if there is no `number`. Raises UnknownTryError, and SQLAlchemyError."""
    with create_session() as session:
        instance = _instance(session, task)
        if instance is None:
            raise UnknownTryError(_what_is_unknown(session, task))
        chosen = instance.try_number if number is None else number
        if chosen > instance.try_number:
            raise UnknownTryError(
                f"task {printable(task.task_id)} has {instance.try_number} tries in this run"
            )
        return TaskTry(chosen, _path(session, instance, chosen) if chosen else "")


def has_ended(task: TaskName, number: int) -> bool:
    """Return whether a try will write no more; also of a task that was deleted. Raises SQLAlchemyError."""
    with create_session() as session:
        instance = _instance(session, task)
        if instance is None or instance.try_number > number:
            return True
        return instance.try_number == number and instance.state in OVER


def _instance(session: Any, task: TaskName) -> Any:
    return session.query(TaskInstance).filter_by(**task._asdict()).one_or_none()


def _path(session: Any, instance: Any, number: int) -> str:
    """Return the path that Airflow gives the log of a try. Source: airflow/utils/log/file_task_handler.py."""
    session.flush()
    return str(FileTaskHandler("")._render_filename(instance, number)).lstrip("/")


def _what_is_unknown(session: Any, task: TaskName) -> str:
    runs = session.query(DagRun.run_id).filter_by(dag_id=task.dag_id)
    if not runs.first():
        return f"there is no run of a DAG {printable(task.dag_id)}"
    if not runs.filter_by(run_id=task.run_id).first():
        return f"DAG {printable(task.dag_id)} has no run {printable(task.run_id)}"
    same = session.query(TaskInstance.map_index).filter_by(
        **{**task._asdict(), "map_index": TaskInstance.map_index}
    )
    indexes = sorted(index for (index,) in same)
    if not indexes:
        return f"that run has no task {printable(task.task_id)}"
    if indexes == [-1]:
        return f"task {printable(task.task_id)} is not mapped; leave out --map-index"
    return f"task {printable(task.task_id)} is mapped; --map-index is one of {_listed(indexes)}"


def _listed(indexes: Iterable[int]) -> str:
    numbers = [*map(str, indexes)]
    more = ["…", numbers[-1]] if len(numbers) > MAX_NAMED else []
    return ", ".join([*numbers[:MAX_NAMED], *more])
