"""The columns of the table route by role: who asks, and for which DAG."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import NamedTuple, TypeVar

# The DAGs that requests name. A user with one rule for a DAG may edit or read the DAG of that name.
EDITED, READ, OTHER = DAGS = ("finance_edited", "finance_read", "marketing")
ROLES = ("Admin", "Op", "User", "Viewer")
EDITOR, READER, NOBODY = "editor", "reader", "nobody"  # users without a role; NOBODY may use no DAG either
ALL = "~"  # in place of a DAG's id: all those that the user may see
USERS = (*ROLES, EDITOR, READER, NOBODY)

Request = TypeVar("Request", bound=Hashable)


def number_of(dag: str) -> int:
    """Return the number of a DAG, which is the key of its rows."""
    return 1 + DAGS.index(dag) if dag in DAGS else 1


Check = Callable[["str | None", str, str], None]  # of a user, its request and the text of the answer


def accept_answer(user: str | None, asked: str, text: str) -> None:
    """Let an answer be: an asset of stock FAB names its DAGs to everybody who may see assets."""


def check_answer(user: str | None, asked: str, text: str) -> None:
    """Raise AssertionError if an answer names a DAG that the user must not see, and that the request has not named."""
    own = {EDITOR: EDITED, READER: READ}.get(user or "")
    named = [dag for dag in DAGS if own and dag != own and dag in text and dag not in asked]
    assert not named, f"{asked} tells {user} of {named}: {text}"


class Column(NamedTuple):
    """A column: its key in the data files, the user (None for a visitor), and the DAG of the requests."""

    key: str
    user: str | None
    dag: str


COLUMNS = (
    *(Column(role, role, EDITED) for role in ROLES),
    Column("DAG edit", EDITOR, EDITED),
    Column("DAG read", READER, READ),
    Column("another DAG", EDITOR, OTHER),
    Column("no role", NOBODY, EDITED),
    Column("anonymous", None, EDITED),
)


def ask_columns(build: Callable[[str], Request], is_allowed: Callable[[str | None, Request], bool]) -> str:
    """Return a route's marks, one a column: `+` for allowed, `-` for refused.

    Args:
        build: returns the request for a DAG; two equal ones of the same user are sent once
        is_allowed: sends a user's request
    """
    answers: dict[tuple[str | None, Request], bool] = {}

    def marks() -> Iterator[str]:
        for column in COLUMNS:
            key = (column.user, build(column.dag))
            if key not in answers:
                answers[key] = is_allowed(*key)
            yield "+" if answers[key] else "-"

    return "".join(marks())
