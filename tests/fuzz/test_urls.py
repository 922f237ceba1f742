"""Any text as the URL of a database or a broker: endpoints or one clear error, and no part of a password in a log."""

from __future__ import annotations

from hypothesis import example
from hypothesis import strategies as st

from astro_runtime_plugin.health.database import metadata_url
from astro_runtime_plugin.health.job import database_problem
from astro_runtime_plugin.health.settings import UnhealthyError
from entrypoint.endpoints import PORTS, endpoints
from entrypoint.errors import StartError
from tests.fuzz.budget import fuzz

SCHEMES = st.sampled_from([*PORTS, "redis+socket", "postgresql+psycopg2", "mysql+mysqldb", "sqlite"])
TEXT = st.text(max_size=60) | st.text("ab0:/@?#;,[]%&=+ ", max_size=60)
URLS = st.builds("{}://{}".format, SCHEMES, TEXT) | TEXT
WORD = st.text("hush", min_size=4, max_size=4)
REST = st.text(":/@?#;&=%+[], 1", max_size=8)


@fuzz(URLS)
@example("postgresql://[")
@example("amqp://u:p@[::1")
def test_any_url_has_endpoints_or_one_error(url: str) -> None:
    servers, message = [], ""
    try:
        servers = endpoints(url, "X")
    except StartError as error:
        message = str(error)
    assert message in ("", "X contains an invalid port (URL hidden); it must be 1–65535")
    assert len(servers) <= len(url)
    assert all(0 <= server.port < 65536 and str(server) for server in servers)


@fuzz(st.sampled_from([*PORTS]), st.sampled_from(["", "air"]), REST, REST)
def test_password_is_not_shown(scheme: str, user: str, before: str, after: str) -> None:
    """An unescaped password ends at the last `@`, before the host `db`."""
    url = f"{scheme}://{user}:{before}hush{after}@db/name"
    try:
        text = " ".join(map(str, endpoints(url, "X")))
    except StartError as error:
        text = str(error)
    assert "hush" not in text


@fuzz(
    st.sampled_from(["postgresql", "postgres", "mysql+pymysql", "mssql+pyodbc", "oracle"]),
    st.sampled_from(["", "air"]),
    REST,
    REST,
)
@example("postgresql", "air", "", "@")
@example("postgresql", "air", "@", "?")
@example("mssql+pyodbc", "air", "1@", "?")
def test_health_check_does_not_show_the_password(scheme: str, user: str, before: str, after: str) -> None:
    url = f"{scheme}://{user}:{before}hush{after}@db/name"
    try:
        metadata_url(url)
        problem = database_problem(url, "OperationalError")
    except UnhealthyError as error:
        problem = error
    assert "hush" not in str(problem)
