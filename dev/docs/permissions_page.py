"""docs/reference/permissions.md, generated from the data files with each line's table of routes by role."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from dev.docs.markdown import table
from dev.docs.permission_reasons import ABSENT, ADDED, ALLOWED, REFUSED, reason_of, text_of

LINES = ("3.3", "2.11")
FOLDER = Path(__file__).parent / "permissions"
HEADER = """\
# Permissions

Which route of the web server each user may use with
[roles from an identity provider](../how-to/identity-provider.md). What a role may do is what Airflow documents for the
FAB provider, on both lines. `make permissions` asks each route of the real web application, with the Runtime's auth
manager and with stock FAB; a test compares the answers with this page, so a new route is noticed. `make docs`
generates the page.

| column | who asks |
| --- | --- |
| Admin, Op, User, Viewer | a user with this role |
| DAG edit, DAG read | a user without a role, with a rule for one DAG, about this DAG |
| another DAG | the user of DAG edit, about another DAG |
| no role | a user of the provider whom no rule gives anything |
| anonymous | a visitor without a login |

✓ means that the request is not refused: it may still fail for another reason, or show only what the user may see,
as lists of DAGs do. A cell with – gets 401, 403 or the login. A route that takes its DAG from an id in the path or the
query is asked about the DAG of the column.
"""
DIFFERENCES = """\
Stock FAB with its default roles lets these users in, and the Runtime does not. It is never the other way round.
"""
UNEXPLAINED = "Unexplained."
MARKS = {ALLOWED: "✓", REFUSED: "–"}


def data_file(line: str) -> Path:
    """Return the file with a line's table."""
    return FOLDER / f"{line}.json"


def render() -> str:
    """Return the page as Markdown."""
    sections = [text for line in LINES for text in _line(line, json.loads(data_file(line).read_text()))]
    return "\n".join([HEADER, *sections]).rstrip() + "\n"


def _line(line: str, data: dict[str, Any]) -> Iterator[str]:
    routes: dict[str, str] = data["routes"]
    refused = [route for route, marks in routes.items() if ALLOWED not in marks]
    rows = [
        (_code(route), *(MARKS[mark] for mark in marks))
        for route, marks in routes.items()
        if ALLOWED in marks
    ]
    yield from (f"## Airflow {line}", "", table(("route", *data["columns"]), rows), "")
    yield from (f"### Refused to everybody, Airflow {line}", "", _list(refused), "")
    yield from (f"### Other than stock FAB, Airflow {line}", "", DIFFERENCES, *_differences(data))


def _differences(data: dict[str, Any]) -> Iterator[str]:
    """Yield the reasons of a line, each with the columns and the routes that it is about."""
    groups: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    for route, stock in data["stock"].items():
        columns: dict[str, list[str]] = defaultdict(list)
        for column, mark, other in zip(data["columns"], data["routes"][route], stock, strict=True):
            if mark != other:
                reason = reason_of(route, column, other, mark)
                columns[reason.text if reason else UNEXPLAINED].append(column)
        for text, names in columns.items():
            groups[text][", ".join(names)].append(route)
    for text, texts, routes in (("stock FAB", ABSENT, "only stock"), ("the Runtime", ADDED, "only runtime")):
        for route in data[routes]:
            groups[text_of(route, texts) or UNEXPLAINED][f"only {text} has"].append(route)
    for text, of_columns in groups.items():
        yield from (text, "", *(f"- {names}: {_list(routes)}" for names, routes in of_columns.items()), "")


def _list(routes: Iterable[str]) -> str:
    """Return routes as a sentence, with the methods of a path together."""
    by_path: dict[str, list[str]] = defaultdict(list)
    for route in routes:
        method, _, path = route.partition(" ")
        by_path[path].append(method)
    return ", ".join(f"{'/'.join(methods)} {_code(path)}" for path, methods in by_path.items()) + "."


def _code(text: str) -> str:
    return f"`{text}`"
