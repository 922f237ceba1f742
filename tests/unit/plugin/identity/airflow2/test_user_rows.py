"""Tests of the FAB rows of users."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import delete, insert, select

from astro_runtime_plugin.identity.airflow2 import user_rows
from astro_runtime_plugin.identity.airflow2.user_rows import TABLE, record_login, row_id
from astro_runtime_plugin.identity.sessions.user import UserIdentity


@pytest.fixture(autouse=True)
def empty_table(application: Any) -> Iterator[None]:
    write(delete(TABLE))
    user_rows._row_id.cache_clear()
    yield
    user_rows._row_id.cache_clear()


def write(statement: Any) -> None:
    from airflow import settings

    with settings.engine.begin() as connection:
        connection.execute(statement)


def rows() -> list[Any]:
    from airflow import settings

    with settings.engine.begin() as connection:
        return list(connection.execute(select(TABLE).order_by(TABLE.c.id)))


def add(username: str, email: str, **values: Any) -> None:
    write(insert(TABLE).values(username=username, email=email, first_name="", last_name="", **values))


def test_first_sight_creates_a_row_without_rights() -> None:
    identifier = row_id(UserIdentity("ann", "sub", "a@example.com", "Ann", "Lee"))
    (row,) = rows()
    assert (row.id, row.username, row.email, row.first_name) == (identifier, "ann", "a@example.com", "Ann")
    assert (row.password, row.active, row.login_count) == ("!", True, None)


def test_login_is_counted() -> None:
    user = UserIdentity("ann", "sub")
    assert record_login(user) == record_login(user)
    (row,) = rows()
    assert row.login_count == 2
    assert row.last_login


def test_change_at_the_provider_changes_the_row() -> None:
    first = row_id(UserIdentity("ann", "sub", "a@example.com"))
    assert row_id(UserIdentity("ann", "sub", "new@example.com", "Ann")) == first
    (row,) = rows()
    assert (row.email, row.first_name) == ("new@example.com", "Ann")


def test_row_of_a_local_user_keeps_its_password() -> None:
    add("Ann", "a@example.com", password="hash", active=True)
    row_id(UserIdentity("ann", "sub", "a@example.com"))
    (row,) = rows()
    assert (row.username, row.password) == ("Ann", "hash")


def test_email_of_another_user_is_not_taken() -> None:
    add("bob", "shared@example.com")
    row_id(UserIdentity("ann", "sub", "shared@example.com"))
    row_id(UserIdentity("cem", "sub"))
    assert [row.email for row in rows()] == ["shared@example.com", "ann@email.notfound", "cem@email.notfound"]


def test_long_names_fit() -> None:
    row_id(UserIdentity("n" * 250, "sub", "e" * 600, "f" * 300, "l" * 300))
    (row,) = rows()
    assert (len(row.email), len(row.first_name), len(row.last_name)) == (512, 256, 256)
