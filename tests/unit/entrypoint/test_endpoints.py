"""Hosts and ports of URLs, as SQLAlchemy and kombu read them; a password never appears among them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from entrypoint.endpoints import HIDDEN, address_file, endpoints
from entrypoint.errors import CONFIG, StartError

LOCATION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"
BAD_PORT = f"{LOCATION} contains an invalid port (URL hidden); it must be 1–65535"


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
        ("postgresql+psycopg2://u:p@/x?host=/cloudsql/p:r:i", ["/cloudsql/p:r:i/.s.PGSQL.5432"]),
        ("postgresql://u:p@x:7/x?host=/cloudsql/p:r:i", ["/cloudsql/p:r:i/.s.PGSQL.7"]),
        ("postgresql:///airflow?host=%40airflow", ["@airflow/.s.PGSQL.5432"]),
        ("postgresql:///airflow?host=fe80::1", ["fe80::1:5432"]),
        ("postgresql:///airflow?host=db:7", ["db:7"]),
        ("postgresql://x:7/airflow?host=db", ["db:7"]),
        ("postgresql:///airflow", []),  # libpq's default: a socket whose path only libpq knows
        ("postgresql://u:p@[::1]:6000/airflow", ["::1:6000"]),
        ("postgresql://[fe80::1]/airflow", ["fe80::1:5432"]),
        ("mysql://u:p@db/airflow", ["db:3306"]),
        ("mysql+mysqldb://u:p@/airflow?unix_socket=/run/mysqld.sock", ["/run/mysqld.sock"]),
        ("mysql+mysqldb://u:p@/x?unix_socket=/cloudsql/p:r:i&charset=utf8", ["/cloudsql/p:r:i"]),
        ("mysql+pymysql://u:p@ignored/x?unix_socket=%2Fcloudsql%2Fp:r:i", ["/cloudsql/p:r:i"]),
        ("mysql+mysqldb://u:p@db/x?unix_socket=/ignored", ["db:3306"]),
        ("mysql+pymysql://u:p@x/x?host=db&port=7", ["db:7"]),
        ("postgresql://u:p@db:0/airflow", ["db:5432"]),
        ("mysql://u:p@db:00/airflow", ["db:3306"]),
        ("redis://db:0/0", ["db:6379"]),
        ("amqps://db:0//", ["db:5671"]),
        ("postgresql://db:7/airflow?hostaddr=10.0.0.1", ["10.0.0.1:7"]),
        ("postgresql://a,b/airflow?hostaddr=10.0.0.1,10.0.0.2", ["10.0.0.1:5432", "10.0.0.2:5432"]),
        ("postgresql:///airflow?hostaddr=10.0.0.1,10.0.0.2", ["10.0.0.1:5432", "10.0.0.2:5432"]),
        ("postgresql+pg8000://db/airflow?hostaddr=10.0.0.1", ["db:5432"]),
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
        ("redis+socket://u:p@/run/redis.sock", ["/run/redis.sock"]),
        ("confluentkafka://broker", []),
        ("redis://Redis:6379/0", ["redis:6379"]),
        ("amqp://u:p@rabbit//", ["rabbit:5672"]),
        ("amqps://rabbit/vhost", ["rabbit:5671"]),
        ("pyamqp://u:p@/vhost", ["localhost:5672"]),
        ("amqp://u:p@rabbit1//;amqp://u:p@rabbit2:7//", ["rabbit1:5672", "rabbit2:7"]),
        (
            "sentinel://:p@s1:26379/0;sentinel://:p@s2:26380/0;sentinel://s3",
            ["s1:26379", "s2:26380", "s3:26379"],
        ),
        ("sentinel://:p@s1:26379;sentinel://:p@s2:26380;", ["s1:26379", "s2:26380"]),
        ("sentinel://s1:26379;s2:26379", ["s1:26379"]),
        ("amqp://u:p@rabbit:7;", ["rabbit:7"]),
        ("sqs://key:secret@", []),
        ("filesystem://", []),
        ("memory://", []),
    ],
)
def test_endpoints_are_the_servers_of_the_url(url: str, expected: list[str]) -> None:
    assert addresses(url) == expected


PASSWORDS_AS_READ = ["p", "p%40ss", "p/ss", "p?ss", "p#ss", "p:ss", "secret:99999", "12/34", "1?2", ""]
QUERIES = ["", "?sslmode=require", "?application_name=a", "?connect_timeout=5&x=/y:z"]


@pytest.mark.parametrize("password", PASSWORDS_AS_READ)
@pytest.mark.parametrize("query", QUERIES)
def test_endpoints_ignore_password(password: str, query: str) -> None:
    assert addresses(f"postgresql://airflow:{password}@db:6000/airflow{query}") == ["db:6000"]
    assert addresses(f"postgresql://airflow@srv:{password}@db/airflow{query}") == ["db:5432"]


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://airflow:hu@sh@db/airflow",
        "postgresql://airflow:hu@s/h@db/airflow",
        "postgresql://airflow:hu@s?h@db/airflow",
        "postgresql://airflow:h/u@sh@db/airflow",
        "postgresql://air/flow:hush@db/airflow",
        "mysql://airflow:hu@s:1/h@db/airflow",
        "redis://:1/hush@redis/0",
        "redis://hush/1@redis/0",
        "redis://hush?1@redis/0",
        "amqp://hush#1@rabbit//",
        "amqp://airflow:12/hush@rabbit//",
        "sentinel://:1/hush@s1;sentinel://:1/hush@s2",
        "redis+socket:///run/hu?sh@1",
        "postgresql://db/airflow?user=a@b&password=top@hush",
    ],
)
def test_address_before_at_sign_is_hidden(url: str) -> None:
    assert set(addresses(url)) == {HIDDEN}


@pytest.mark.parametrize(
    "port", ["abc", "65536", "9" * 5000, "-1", "5432x", "1e3", "99999999999999999999", " 1"]
)
@pytest.mark.parametrize(
    "url", ["postgresql://u:hush@db:{}/airflow", "postgresql:///a?host=db&port={}&password=hush"]
)
def test_endpoints_reject_bad_port_without_password(url: str, port: str) -> None:
    with pytest.raises(StartError) as error:
        endpoints(url.format(port), LOCATION)
    assert error.value.code == CONFIG
    assert str(error.value) == BAD_PORT
    assert "hush" not in str(error.value)


@given(st.text("pw@/#:,;&= ?", max_size=12), st.sampled_from(["mysql", "postgresql", "amqp", "redis"]))
def test_unescaped_password_is_not_shown(password: str, scheme: str) -> None:
    """What the URL's reader takes for a host is shown only where it cannot be part of the password."""
    try:
        texts = addresses(f"{scheme}://airflow:{password}@db:7/airflow")
    except StartError as error:
        texts = [str(error)]
    assert set(texts) <= {"db:7", HIDDEN, BAD_PORT}


@pytest.mark.parametrize("password", [";://", "w;p://w"])
def test_endpoints_ignore_url_within_password(password: str) -> None:
    assert addresses(f"postgresql://user:{password}@db:7/airflow") == ["db:7"]


def test_endpoints_split_at_semicolon_before_url() -> None:
    assert addresses("amqp://u:12;34@a:1;amqp://u:5;6@b:2") == ["a:1", "b:2"]


@pytest.mark.parametrize(
    ("url", "environ", "expected"),
    [
        ("postgresql:///x", {"PGHOST": "a,b", "PGPORT": "1,2"}, ["a:1", "b:2"]),
        ("postgresql+psycopg2:///x", {"PGHOST": "/run/pg"}, ["/run/pg/.s.PGSQL.5432"]),
        ("postgresql+psycopg://db/x", {"PGHOST": "other", "PGPORT": "7"}, ["db:7"]),
        ("postgresql://db:8/x", {"PGPORT": "7"}, ["db:8"]),
        ("postgresql://db:0/x", {"PGPORT": "7"}, ["db:7"]),
        ("postgresql://db/x", {"PGHOSTADDR": "10.0.0.1"}, ["10.0.0.1:5432"]),
        ("postgresql://db/x?hostaddr=10.0.0.2", {"PGHOSTADDR": "10.0.0.1"}, ["10.0.0.2:5432"]),
        ("postgresql://db/x", {"PGHOST": "", "PGPORT": "", "PGHOSTADDR": ""}, ["db:5432"]),
        (
            "postgresql+pg8000://db/x",
            {"PGPORT": "7", "PGHOSTADDR": "10.0.0.1", "PGSERVICE": "s"},
            ["db:5432"],
        ),
        ("mysql://db/x", {"PGPORT": "7", "PGSERVICE": "s"}, ["db:3306"]),
    ],
)
def test_variables_of_libpq_complete_its_urls(url: str, environ: dict[str, str], expected: list[str]) -> None:
    assert [str(server) for server in endpoints(url, LOCATION, environ)] == expected


def test_certificate_is_for_the_host_beside_hostaddr() -> None:
    (server,) = endpoints("postgresql://db/x?hostaddr=10.0.0.1", LOCATION)
    assert (server.host, server.name) == ("10.0.0.1", "db")


def test_login_of_libpqs_variables_is_for_a_url_without_one() -> None:
    environ = {"PGUSER": "me", "PGPASSWORD": "hush", "PGDATABASE": "air", "PGSSLMODE": "require"}
    (server,) = endpoints("postgresql://db", LOCATION, environ)
    assert (server.url.user, server.url.password, server.url.path) == ("me", "hush", "air")
    assert server.url.option("sslmode") == "require"
    (server,) = endpoints("postgresql://u:p@db/x?sslmode=disable", LOCATION, environ)
    assert (server.url.user, server.url.password, server.url.path) == ("u", "p", "x")
    assert server.url.option("sslmode") == "disable"


@pytest.mark.parametrize(
    ("url", "environ", "option"),
    [
        ("postgresql://u:p@db/x?service=air", {}, "service"),
        ("postgresql:///x", {"PGSERVICE": "air"}, "PGSERVICE"),
        ("postgresql+psycopg://db/x", {"PGSERVICE": "air"}, "PGSERVICE"),
        ("mysql://u:p@db/x?read_default_file=/etc/my.cnf", {}, "read_default_file"),
        ("mysql+pymysql:///x?read_default_group=air", {}, "read_default_group"),
        ("mysql+mysqlconnector:///x?option_files=/etc/my.cnf", {}, "option_files"),
    ],
)
def test_address_in_a_file_is_not_known(url: str, environ: dict[str, str], option: str) -> None:
    assert address_file(url, environ) == option
    assert endpoints(url, LOCATION, environ) == []


@pytest.mark.parametrize("url", ["redis://r?service=a", "sqlite://", "", "mysql://db/x?service=a"])
def test_other_urls_have_their_address(url: str) -> None:
    assert address_file(url, {"PGSERVICE": "a"}) == ""
