"""The task logs of an Airflow 2.11 in its store."""

from __future__ import annotations

import contextlib
import re

from astro_runtime_plugin.task_logs.shipping.spool import Spool
from astro_runtime_plugin.task_logs.stores.store import LogStore
from testing.airflow2_installation import Airflow2
from testing.waiting import wait_until


def stored(store: LogStore, path: str) -> dict[str, bytes]:
    """Return the objects of a log, by the ends of their names."""
    objects = store.list(path)
    with contextlib.suppress(FileNotFoundError):  # chunks become the whole object meanwhile
        return {each.key.removeprefix(path): store.read(each.key, 0, each.size) for each in objects}
    return stored(store, path)


def wait_for_line(airflow: Airflow2, store: LogStore, path: str, number: int) -> None:
    """Wait until a line of the task `wait` is in the store."""
    line = f"line {number} of the task".encode()
    wait_until(lambda: line in b"".join(stored(store, path).values()), airflow.describe)


def wait_for_whole(store: LogStore, path: str, airflow: Airflow2) -> bytes:
    """Wait until a log is one object in the store, with nothing left to be sent, and return its bytes."""
    spool = Spool(airflow.log_folder)

    def is_whole() -> bool:
        # One that went on after its end, such as at a deferral, is one object before, too.
        return [each.key for each in store.list(path)] == [path] and spool.entry(path) is None

    wait_until(is_whole, lambda: f"{store.list(path)}\n{airflow.describe()}")
    return stored(store, path)[""]


def assert_each_line_once(text: bytes | str) -> int:
    """Assert that the task `wait` is in a log with each line from the first on; return the number of the last."""
    log = text if isinstance(text, str) else text.decode()
    numbers = [int(number) for number in re.findall(r"line (\d+) of the task", log)]
    assert numbers
    assert numbers == list(range(1, len(numbers) + 1))
    return numbers[-1]
