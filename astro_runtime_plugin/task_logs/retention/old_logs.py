"""Which objects of a store are old task logs, and how they are deleted: in small steps, with pauses.

Only objects whose keys are those of task logs count: a prefix may hold other objects, too. Airflow is not imported.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import groupby, islice
from typing import NamedTuple

from astro_runtime_plugin.task_logs.layout import OFFSET_DIGITS, StoredObject
from astro_runtime_plugin.task_logs.stores.store import LogStore

DAY_SECONDS = 24 * 60 * 60.0
STEP = 200  # objects that are deleted at once
PAUSE_SECONDS = 1.0  # between two steps
# What a template of a log's path has besides plain text: Jinja's expressions and statements, or str.format's fields.
_TEMPLATE_PART = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{[\w.]+\}", re.DOTALL)
_OPENING, _ELSE, _CLOSING = (re.compile(rf"\{{%-?\s*({words})\b") for words in ("if", "else|elif", "endif"))
# What the name of a log may end with: a trigger's part of it, and the offset of a chunk.
_ENDING = rf"(\.trigger\.\d+\.log)?(\.\d{{{OFFSET_DIGITS}}})?"
_LOG_ENDING = re.compile(rf"{_ENDING}\Z")


class Deleted(NamedTuple):
    """What was deleted: how many objects, and their size in bytes."""

    objects: int
    size: int


def log_pattern(templates: Iterable[str]) -> re.Pattern[str]:
    """Return what matches the key of a task's log.

    `templates` are Airflow's for the path (`[logging] log_filename_template`, now and earlier). One whose parts have
    nothing plain between them would match any key, so it does not count.
    """
    paths = [_path_pattern(template) for template in templates if _is_distinct(template)]
    return re.compile(rf"(?:{'|'.join(paths)}){_ENDING}" if paths else r"(?!)", re.DOTALL)


def _is_distinct(template: str) -> bool:
    return len(re.sub(r"[\W_]", "", _TEMPLATE_PART.sub("", template))) >= 3


def _path_pattern(template: str) -> str:
    """Return the expression for a template: any text in place of an expression, and branches may be there or not."""
    pattern, end = "", 0
    for part in _TEMPLATE_PART.finditer(template):
        pattern += re.escape(template[end : part.start()]) + _part_pattern(part[0])
        end = part.end()
    return pattern + re.escape(template[end:])


def _part_pattern(part: str) -> str:
    if not part.startswith("{%"):
        return ".+?"
    if _OPENING.match(part):
        return "(?:"
    if _ELSE.match(part):
        return "|"
    return ")?" if _CLOSING.match(part) else ""


def old_objects(
    objects: Iterable[StoredObject], pattern: re.Pattern[str], before: float
) -> Iterator[StoredObject]:
    """Yield the objects of logs to which nothing was written since `before`, in seconds since the epoch.

    The objects of one log must follow one another, as they do when they are sorted by key.
    """
    logs = (stored for stored in objects if pattern.fullmatch(stored.key))
    for _, parts in groupby(logs, key=lambda stored: _LOG_ENDING.sub("", stored.key)):
        log = list(parts)
        if max(stored.modified for stored in log) < before:
            yield from log


def delete_old(
    store: LogStore, pattern: re.Pattern[str], before: float, step: int = STEP
) -> Iterator[Deleted]:
    """Delete the logs to which nothing was written since `before`; yield after each step of `step` objects at most.

    Raises StoreError.
    """
    left = old_objects(store.walk(), pattern, before)
    while some := list(islice(left, step)):
        store.delete([stored.key for stored in some])
        yield Deleted(len(some), sum(stored.size for stored in some))
