"""Every route of the web application lets in whom Airflow's documented permissions let in, and the page says so."""

from __future__ import annotations

import json
from typing import Any

import pytest

from testing.identity.route_roles.columns import COLUMNS, EDITED, EDITOR, OTHER, check_answer
from testing.identity.route_roles.table import PATH, Marks, ask, table, unexplained

NOBODY = "-" * len(COLUMNS)


@pytest.fixture(scope="module")
def answers() -> tuple[Marks, Marks]:
    """The marks of every route with stock FAB and with the Runtime's auth manager."""
    return ask()


@pytest.fixture(scope="module")
def data() -> Any:
    """What the page of permissions is generated from."""
    return json.loads(PATH.read_text())


def test_every_difference_from_stock_has_a_reason(answers: tuple[Marks, Marks]) -> None:
    assert list(unexplained(*answers)) == []


def test_page_has_what_the_routes_answer(answers: tuple[Marks, Marks], data: Any) -> None:
    assert data == table(*answers), "run: make permissions docs"


def test_new_route_is_noticed(answers: tuple[Marks, Marks], data: Any) -> None:
    stock, runtime = answers
    assert table(stock, {**runtime, "GET /new": NOBODY}) != data
    assert list(unexplained(stock, {**runtime, "GET /new": NOBODY})) == ["GET /new"]


def test_user_without_a_role_is_let_in_only_where_every_visitor_is(data: Any) -> None:
    keys = [column.key for column in COLUMNS]
    nobody, visitor = keys.index("no role"), keys.index("anonymous")
    let_in = [
        route for route, marks in data["routes"].items() if (marks[nobody], marks[visitor]) == ("+", "-")
    ]
    assert let_in == []


def test_higher_role_may_do_all_that_a_lower_one_may(data: Any) -> None:
    """Of the roles, which are the first columns, `+` sorts before `-`."""
    odd = [route for route, marks in data["routes"].items() if list(marks[:4]) != sorted(marks[:4])]
    assert odd == []


def test_answer_that_names_a_dag_of_others_is_noticed() -> None:
    """Each answer of the Runtime's application to the users of a single DAG has passed this check."""
    check_answer(EDITOR, "GET /dags", EDITED)
    check_answer("Viewer", "GET /dags", OTHER)
    with pytest.raises(AssertionError, match=OTHER):
        check_answer(EDITOR, "GET /dags", f"{EDITED}, {OTHER}")
