"""The table route by role of the installed line. Run as a module, it writes the data file of the page."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from dev.docs.permission_reasons import ABSENT, ADDED, reason_of, text_of
from dev.docs.permissions_page import data_file
from testing.identity.route_roles.child import RUNTIME, STOCK, ask_all
from testing.identity.route_roles.columns import COLUMNS
from testing.installed_line import LINE

Marks = dict[str, str]
PATH: Path = data_file(LINE)


def ask() -> tuple[Marks, Marks]:
    """Return the marks of every route with stock FAB and with the Runtime's auth manager."""
    with ThreadPoolExecutor() as pool:
        stock, runtime = pool.map(ask_all, (STOCK, RUNTIME))
    return stock, runtime


def table(stock: Marks, runtime: Marks) -> dict[str, Any]:
    """Return what the data file holds: the Runtime's marks, and stock's where they are others."""
    return {
        "columns": [column.key for column in COLUMNS],
        "routes": runtime,
        "stock": {route: marks for route, marks in stock.items() if runtime.get(route, marks) != marks},
        "only stock": [route for route in stock if route not in runtime],
        "only runtime": [route for route in runtime if route not in stock],
    }


def unexplained(stock: Marks, runtime: Marks) -> Iterator[str]:
    """Yield each difference for which `dev.docs.permission_reasons` has no reason."""
    for route, marks in runtime.items():
        for column, mark, other in zip(COLUMNS, marks, stock.get(route, marks), strict=True):
            if mark != other and not reason_of(route, column.key, other, mark):
                yield f"{route}: {column.key}: stock {other}, the Runtime {mark}"
    yield from (route for route in stock if route not in runtime and not text_of(route, ABSENT))
    yield from (route for route in runtime if route not in stock and not text_of(route, ADDED))


if __name__ == "__main__":
    PATH.write_text(json.dumps(table(*ask()), indent=1) + "\n")
