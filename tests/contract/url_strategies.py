"""URLs of databases and brokers, as people write them."""

from __future__ import annotations

import sqlalchemy
from hypothesis import strategies as st

SQLALCHEMY_2 = sqlalchemy.__version__ >= "2"
LIBPQ = (
    "postgresql",
    "postgresql+psycopg2",
    *(["postgresql+psycopg"] if SQLALCHEMY_2 else []),
)
OTHER_POSTGRESQL = ("postgresql+pg8000", "postgresql+asyncpg")
MYSQL = (
    "mysql",
    "mysql+mysqldb",
    "mysql+pymysql",
    "mysql+mysqlconnector",
    "mysql+aiomysql",
    "mariadb+pymysql",
)
BROKERS = ("redis", "rediss", "sentinel", "amqp", "amqps", "pyamqp")

TEXT = st.text("ab.@%/?#:;&=+ -_é", max_size=8)
HOSTS = st.sampled_from(
    [
        "",
        "db",
        "Db.Example.org",
        "10.0.0.1",
        "[::1]",
        "[fe80::1%25eth0]",
        "a_b-c",
        "a,b,c",
        "%2Frun",
        "[",
        "a]",
    ]
)
QUERY_HOSTS = st.sampled_from(
    [
        "/run/pg",
        "/cloudsql/p:r:i",
        "%2Fcloudsql%2Fp%3Ar%3Ai",
        "db",
        "db:1",
        "db:",
        "a,b",
        "::1",
        "%40name",
        "10.0.0.1",
    ]
)
PORT_TEXTS = st.sampled_from(["", "0", "1", "5432", "65535"])
LIBPQ_VARIABLES = st.fixed_dictionaries(
    {},
    optional={
        "PGHOST": st.sampled_from(["", "env", "e1,e2", "/run/env", "@env"]),
        "PGHOSTADDR": st.sampled_from(["", "10.1.0.1", "10.1.0.1,10.1.0.2", "10.1.0.1,,10.1.0.3"]),
        "PGPORT": st.sampled_from(["", "7", "7,8", "7,"]),
    },
)
PAIRS = st.one_of(
    st.tuples(st.just("host"), QUERY_HOSTS),
    st.tuples(st.just("port"), st.sampled_from(["1", "1,2", "1,", "65535"])),
    st.tuples(st.just("hostaddr"), st.sampled_from(["10.0.0.1", "10.0.0.1,::1", "10.0.0.1,,10.0.0.3"])),
    st.tuples(st.just("unix_socket"), st.sampled_from(["/run/mysqld.sock", "/cloudsql/p:r:i", "%2Fa+b"])),
    st.tuples(st.sampled_from(["user", "password", "sslmode", "ssl_ca_certs", "x"]), TEXT),
)


@st.composite
def urls(draw: st.DrawFn, schemes: tuple[str, ...]) -> str:
    """Compose what people write: credentials, escaped or not; hosts and ports, in the query or before it."""
    scheme = draw(st.sampled_from(schemes))
    user, password = draw(st.none() | TEXT), draw(st.none() | TEXT)
    credentials = ("" if user is None else user) + ("" if password is None else f":{password}")
    at = "" if user is None and password is None else "@"
    port = draw(PORT_TEXTS)
    path = draw(st.sampled_from(["", "/", "/airflow", "//", "/a/b", "/0"]))
    query = "&".join(f"{name}={value}" for name, value in draw(st.lists(PAIRS, max_size=4)))
    rest = f"{draw(HOSTS)}{f':{port}' if port else ''}{path}{f'?{query}' if query else ''}"
    return f"{scheme}://{credentials}{at}{rest}".strip()  # blanks around a URL come from files and shells
