"""Which steps of Airflow import pygments, and what it highlights after that: `needless_highlighting WORDS` for
`airflow WORDS`."""

from __future__ import annotations

import io
import sys
from importlib import import_module
from typing import Any

from testing.proof import report

sys.argv = ["airflow", *sys.argv[1:]]  # as Airflow's start finds it
TEMPLATE = "<%\n    name = 'a name'\n%>\n${missing.name}\n"
PACKAGES = ("pygments", "rich.syntax", "rich.traceback")
for name in [name for name in sys.modules if name.partition(".")[0] == "pygments"]:
    del sys.modules[name]  # pytest has imported it, which the package of this module imports


def imported() -> list[str]:
    """Return which packages have been imported."""
    return [name for name in PACKAGES if name in sys.modules]


def imported_in_turn() -> dict[str, list[str]]:
    """Return what has been imported after each step."""
    seen = {}
    for name in ("airflow", "httpx", "airflow.utils.db", "airflow.cli.simple_table", "celery.bin.base"):
        import_module(name)
        if name == "airflow.utils.db":
            load_migrations()
        seen[name] = imported()
    return seen


def load_migrations() -> None:
    """Have Alembic look for migrations, as a command does that migrates the database."""
    import_module("airflow.utils.db")._get_script_object()


def error() -> Exception:
    """Return an error with a traceback."""
    try:
        raise ValueError("a message")  # a comment
    except ValueError as raised:
        return raised


def rich_traceback() -> str:
    """Return what structlog prints for an error."""
    from structlog.dev import RichTracebackFormatter

    text = io.StringIO()
    raised = error()
    show = RichTracebackFormatter(width=100, show_locals=False)
    show(text, (type(raised), raised, raised.__traceback__))
    return text.getvalue()


def error_page() -> str:
    """Return mako's page for an error in a template."""
    try:
        import_module("mako.template").Template(TEMPLATE, uri="memory:page").render()
    except AttributeError:
        page: bytes = import_module("mako.exceptions").html_error_template().render()
        return page.decode()
    raise AssertionError


def json_table() -> str:
    """Return what a command prints as JSON."""
    from airflow.cli.simple_table import AirflowConsole

    text = io.StringIO()
    AirflowConsole(file=text, force_terminal=True, color_system="truecolor").print_as_json({"name": None})
    return text.getvalue()


def answer() -> Any:
    """Return what Celery prints of a worker's answer."""
    from celery.bin.base import CLIContext

    return CLIContext(None, no_color=False, workdir=None).pretty({"name": None})


def same() -> list[bool]:
    """Return whether names stand for what modules have."""
    httpx, exceptions = import_module("httpx"), import_module("mako.exceptions")
    plugin = import_module("mako.ext.pygmentplugin")
    pygments, rich = import_module("pygments"), import_module("rich")
    return [
        httpx.main is import_module("httpx._main").main,
        exceptions.syntax_highlight is plugin.syntax_highlight,
        exceptions.pygments_html_formatter is plugin.pygments_html_formatter,
        rich.syntax is sys.modules["rich.syntax"],
        rich.progress is sys.modules["rich.progress"],
        pygments.lexers is sys.modules["pygments.lexers"],
        not hasattr(pygments, "missing") and not hasattr(exceptions, "missing"),
    ]


SHOW = {"page": error_page, "table": json_table, "answer": answer}
steps = imported_in_turn()
if "structlog" in sys.modules:
    SHOW["traceback"] = rich_traceback
report({"imported": steps, "shown": {name: show() for name, show in SHOW.items()}, "same": same()})
