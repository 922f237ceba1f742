"""Hosts and ports of URLs, as SQLAlchemy and kombu read them; a password never appears among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.engine import make_url

from entrypoint.endpoints import endpoints
from entrypoint.errors import CONFIG, StartError

LOCATION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def addresses(url: str) -> list[str]:
    return [str(endpoint) for endpoint in endpoints(url, LOCATION)]


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
        ("postgresql:///airflow", []),  # libpq's default: a socket whose path only libpq knows
        ("postgresql://u:p@[::1]:6000/airflow", ["::1:6000"]),
        ("postgresql://[fe80::1]/airflow", ["fe80::1:5432"]),
        ("mysql://u:p@db/airflow", ["db:3306"]),
        ("mysql+mysqldb://u:p@/airflow?unix_socket=/run/mysqld.sock", ["/run/mysqld.sock"]),
        ("sqlite:////tmp/airflow.db", []),
        ("sqlite://", []),
        ("mssql+pyodbc://u:p@db/airflow", []),
        ("not a url", []),
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
def test_endpoints_are_the_servers_of_the_url(url: str, expected: list[str]) -> None:
    assert addresses(url) == expected


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
def test_endpoints_ignore_password(password: str, query: str) -> None:
    assert addresses(f"postgresql://airflow:{password}@db:6000/airflow{query}") == ["db:6000"]
    assert addresses(f"postgresql://airflow@srv:{password}@db/airflow{query}") == ["db:5432"]


@pytest.mark.parametrize(
    "query", ["user=a@b&password=top@secret", "options=x&password=a@b:c", "password=@/x"]
)
def test_endpoints_ignore_password_in_query(query: str) -> None:
    assert addresses(f"postgresql://db/airflow?{query}") == ["db:5432"]
    assert addresses(f"postgresql:///airflow?host=db&{query}") == ["db:5432"]


@pytest.mark.parametrize("port", ["abc", "0", "65536", "-1", "5432x", "1e3", "99999999999999999999", " 1"])
@pytest.mark.parametrize(
    "url", ["postgresql://u:hush@db:{}/airflow", "postgresql:///a?host=db&port={}&password=hush"]
)
def test_endpoints_reject_bad_port_without_password(url: str, port: str) -> None:
    with pytest.raises(StartError) as error:
        endpoints(url.format(port), LOCATION)
    assert error.value.code == CONFIG
    assert str(error.value) == f"{LOCATION} contains an invalid port (URL hidden); it must be 1–65535"
    assert "hush" not in str(error.value)


USERS = st.text("ab.@%_-", min_size=1, max_size=5)
PASSWORDS = st.none() | st.text("pw/?#:%&=+!$;,", max_size=8)
HOSTS = st.sampled_from(["db", "db.example.org", "10.0.0.1", "[::1]", "a-b_c"])
QUERIES = st.sampled_from(["", "?sslmode=require", "?user=a&password=b", "?options=x:y/z"])


@given(st.none() | USERS, PASSWORDS, HOSTS, st.none() | st.integers(1, 65535), QUERIES)
def test_endpoints_match_sqlalchemy(
    user: str | None, password: str | None, host: str, port: int | None, query: str
) -> None:
    credentials = "" if user is None else f"{user}@" if password is None else f"{user}:{password}@"
    url = f"postgresql://{credentials}{host}{f':{port}' if port else ''}/airflow{query}"
    parsed = make_url(url)
    assert addresses(url) == [f"{parsed.host}:{parsed.port or 5432}"]


@given(st.text("pw@/#:,;&= ", max_size=12), st.sampled_from(["mysql", "postgresql", "amqp", "redis"]))
def test_endpoints_ignore_unescaped_password(password: str, scheme: str) -> None:
    """SQLAlchemy and kombu fail on an @ that is not escaped; the log must not show what follows it."""
    (address,) = addresses(f"{scheme}://airflow:{password}@db:7/airflow")
    assert address == "db:7"


def test_endpoints_ignore_password_with_question_mark() -> None:
    assert addresses("postgresql://airflow:p?a@ss@127.0.0.1:1/a") == ["127.0.0.1:1"]


@pytest.mark.parametrize("password", [";://", "w;p://w"])
def test_endpoints_ignore_url_within_password(password: str) -> None:
    assert addresses(f"postgresql://user:{password}@db:7/airflow") == ["db:7"]


def test_endpoints_split_at_semicolon_before_url() -> None:
    assert addresses("amqp://u:12;34@a:1;amqp://u:5;6@b:2") == ["a:1", "b:2"]
