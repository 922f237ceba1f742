"""The airflow subcommand in a process's command line, which Airflow and Celery replace by a title."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from itertools import dropwhile

PYTHON = re.compile(r"python[\d.]*")
# Such as `[celeryd: celery@host:MainProcess] -active- (celery worker --queues a)`.
CELERY_TITLE = re.compile(r"\[celeryd: (?P<node>\S+):MainProcess\](?:[^(]*\((?P<words>.*)\))?")
# The options in the title `airflow api_server -- host:0.0.0.0 port:8080`.
TITLE_OPTION = re.compile(r"(host|port):(.*)")


def process_subcommand(command_line: Sequence[str]) -> tuple[str, ...]:
    """Return the airflow subcommand that a process runs; empty for another program."""
    words = [word for word in command_line if word]
    if len(words) != 1:
        return airflow_arguments(words)
    title = words[0]
    return celery_worker(title) or title_options(airflow_arguments(title.split()))


def airflow_arguments(words: Sequence[str]) -> tuple[str, ...]:
    """Return what follows in `airflow ...`, `python /path/airflow ...` and `python -m airflow ...`."""
    if words and PYTHON.fullmatch(os.path.basename(words[0])):
        words = list(dropwhile(lambda word: word.startswith("-"), words[1:]))
    if len(words) < 2 or os.path.basename(words[0]) != "airflow":
        return ()
    return words[1].replace("_", "-"), *words[2:]


def celery_worker(title: str) -> tuple[str, ...]:
    """Return the subcommand of a Celery worker with the name that it has among Celery's nodes."""
    match = CELERY_TITLE.match(title)
    if not match:
        return ()
    words = (match["words"] or "").split()
    arguments = words[2:] if words[:2] == ["celery", "worker"] else []
    return "celery", "worker", *arguments, f"--celery-hostname={match['node']}"


def title_options(words: tuple[str, ...]) -> tuple[str, ...]:
    """Return an API server's subcommand with the options that its title shows in its own way."""
    if words[:1] != ("api-server",):
        return words
    options = [TITLE_OPTION.fullmatch(word) for word in words]
    return "api-server", *(f"--{option[1]}={option[2]}" for option in options if option)
