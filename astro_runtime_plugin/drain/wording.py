"""What the drain of a worker says about its tasks."""

from __future__ import annotations

from collections.abc import Sequence

from astro_runtime_plugin.drain.worker_tasks import WorkerTask


def describe(tasks: Sequence[WorkerTask], seconds_left: float | None) -> str:
    """Return what is left in one sentence."""
    running = [task for task in tasks if task.started is not None]
    waiting = len(tasks) - len(running)
    parts = [f"{len(tasks)} task{'s' if len(tasks) > 1 else ''} left"]
    parts += [f"{waiting} of them {'wait' if waiting > 1 else 'waits'} in the worker"] if waiting else []
    oldest = "{}" if len(tasks) == 1 else "the oldest, {},"
    parts += [f"{oldest.format(task.name)} has run for {duration(task.seconds)}" for task in running[:1]]
    estimate = (
        f"how long {'they' if len(tasks) > 1 else 'it'} may take is not known"
        if seconds_left is None
        else f"by {'their' if len(tasks) > 1 else 'its'} last runs, done in {duration(seconds_left)}"
    )
    return ", ".join(parts) + f"; {estimate}"


def duration(seconds: float) -> str:
    """Return a time as people say it: `45 s`, `4 min`, `2 h 5 min`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def list_queues(queues: Sequence[str]) -> str:
    """Return which queues a worker took its tasks from, as the end of a sentence about its new tasks."""
    return f" of {', '.join(queues)}" if queues else ": it consumed no queue"
