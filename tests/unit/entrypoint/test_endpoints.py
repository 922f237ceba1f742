"""From URLs to hosts and ports, as SQLAlchemy and kombu take them; a password is never part of a place."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from entrypoint.endpoints import endpoints
from entrypoint.errors import CONFIG, StartError

WHERE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def places(url: str) -> list[str]:
    return [str(place) for place in endpoints(url, WHERE)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("postgresql://airflow:pw@db/airflow", ["db:5432"]),
        ("postgresql+psycopg2://airflow:pw@db:6000/airflow", ["db:6000"]),
        (" PostgreSQL+asyncpg://db \n", ["db:5432"]),
        ("postgres://db", ["db:5432"]),
        ("postgresql://u:p@db1:1,db2:2,db3/airflow", ["db1:1", "db2:2", "db3:5432"]),
        ("postgresql://u:p@/airflow?host=db1:1&host=db2:2", ["db1:1", "db2:2"]),
        ("postgresql://u:p@/airflow?host=db1,db2&port=1,2", ["db1:1", "db2:2"]),
        ("postgresql://u:p@/airflow?host=db1,db2&port=7", ["db1:7", "db2:7"]),
        ("postgresql://u:p@/airflow?host=/run/postgresql", ["/run/postgresql/.s.PGSQL.5432"]),
        ("postgresql:///airflow?host=/run/pg&port=7", ["/run/pg/.s.PGSQL.7"]),
        ("postgresql:///airflow?host=%2Frun%2Fpg", ["/run/pg/.s.PGSQL.5432"]),
        ("postgresql://ignored/airflow?host=db", ["db:5432"]),
        ("postgresql:///airflow", []),  # libpq's own default: a socket that only libpq knows
        ("postgresql://u:p@[::1]:6000/airflow", ["::1:6000"]),
        ("postgresql://[fe80::1]/airflow", ["fe80::1:5432"]),
        ("mysql://u:p@db/airflow", ["db:3306"]),
        ("mysql+mysqldb://u:p@/airflow?unix_socket=/run/mysqld.sock", ["/run/mysqld.sock"]),
        ("sqlite:////tmp/airflow.db", []),
        ("sqlite://", []),
        ("mssql+pyodbc://u:p@db/airflow", []),
        ("no url at all", []),
        ("", []),
        ("redis://redis:6379/0", ["redis:6379"]),
        ("redis://:pw@redis/1", ["redis:6379"]),
        ("rediss://u:p@[::1]:7/0", ["::1:7"]),
        ("redis://", ["localhost:6379"]),
        ("redis+socket:///run/redis.sock?virtual_host=1", ["/run/redis.sock"]),
        ("amqp://u:p@rabbit//", ["rabbit:5672"]),
        ("amqps://rabbit/vhost", ["rabbit:5671"]),
        ("pyamqp://u:p@/vhost", ["localhost:5672"]),
        ("amqp://u:p@rabbit1//;amqp://u:p@rabbit2:7//", ["rabbit1:5672", "rabbit2:7"]),
        (
            "sentinel://:p@s1:26379/0;sentinel://:p@s2:26380/0;sentinel://s3",
            ["s1:26379", "s2:26380", "s3:26379"],
        ),
        ("sqs://key:secret@", []),
        ("filesystem://", []),
        ("memory://", []),
    ],
)
def test_places(url: str, expected: list[str]) -> None:
    assert places(url) == expected


@pytest.mark.parametrize(
    "password",
    [
        "p",
        "p%40ss",
        "p@ss",
        "p/ss",
        "p?ss",
        "p#ss",
        "p:ss",
        "p@s/s",
        "p/s@s",
        "p?s/s",
        "secret:99999",
        "12/34",
        "1?2",
        "",
    ],
)
@pytest.mark.parametrize(
    "query", ["", "?sslmode=require", "?application_name=a", "?connect_timeout=5&x=/y:z"]
)
def test_whatever_the_password_holds_the_host_is_found(password: str, query: str) -> None:
    assert places(f"postgresql://airflow:{password}@db:6000/airflow{query}") == ["db:6000"]
    assert places(f"postgresql://airflow@srv:{password}@db/airflow{query}") == ["db:5432"]


@pytest.mark.parametrize(
    "query", ["user=a@b&password=top@secret", "options=x&password=a@b:c", "password=@/x"]
)
def test_a_password_in_the_query_is_no_host(query: str) -> None:
    assert places(f"postgresql://db/airflow?{query}") == ["db:5432"]
    assert places(f"postgresql:///airflow?host=db&{query}") == ["db:5432"]


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "5432x", "1e3", "99999999999999999999", " 1"])
@pytest.mark.parametrize(
    "url", ["postgresql://u:hush@db:{}/airflow", "postgresql:///a?host=db&port={}&password=hush"]
)
def test_a_port_that_is_none_is_refused_without_the_password(url: str, port: str) -> None:
    with pytest.raises(StartError) as refused:
        endpoints(url.format(port), WHERE)
    assert refused.value.code == CONFIG
    assert str(refused.value).startswith(f"{WHERE} names a port that is none")
    assert "hush" not in str(refused.value)


USERS = st.text("ab.@%_-", min_size=1, max_size=5)
PASSWORDS = st.none() | st.text("pw/?#:%&=+!$;,", max_size=8)
HOSTS = st.sampled_from(["db", "db.example.org", "10.0.0.1", "[::1]", "a-b_c"])
QUERIES = st.sampled_from(["", "?sslmode=require", "?user=a&password=b", "?options=x:y/z"])


@given(st.none() | USERS, PASSWORDS, HOSTS, st.none() | st.integers(1, 65535), QUERIES)
def test_host_and_port_are_sqlalchemys(
    user: str | None, password: str | None, host: str, port: int | None, query: str
) -> None:
    credentials = "" if user is None else f"{user}@" if password is None else f"{user}:{password}@"
    url = f"postgresql://{credentials}{host}{f':{port}' if port else ''}/airflow{query}"
    parsed = make_url(url)
    assert places(url) == [f"{parsed.host}:{parsed.port or 5432}"]


@given(st.text("pw@/#:,;&= ", max_size=12), st.sampled_from(["mysql", "postgresql", "amqp", "redis"]))
def test_nothing_of_a_password_that_no_url_can_hold_is_taken_for_a_host(password: str, scheme: str) -> None:
    """SQLAlchemy and kombu break on an @ that is not escaped; the log must not show what stands behind it."""
    (place,) = places(f"{scheme}://airflow:{password}@db:7/airflow")
    assert place == "db:7"


def test_a_question_mark_before_an_at_sign_shows_nothing_of_the_password() -> None:
    assert places("postgresql://airflow:p?a@ss@127.0.0.1:1/a") == ["127.0.0.1:1"]


@pytest.mark.parametrize("password", [";://", "w;p://w"])
def test_a_password_may_hold_what_looks_like_another_url(password: str) -> None:
    assert places(f"postgresql://user:{password}@db:7/airflow") == ["db:7"]


def test_a_semicolon_parts_urls_only_where_another_url_follows() -> None:
    assert places("amqp://u:12;34@a:1;amqp://u:5;6@b:2") == ["a:1", "b:2"]
