"""What libpq, the driver below psycopg, takes from its own variables where the URL of the database says nothing.

Source: "Environment Variables" and "The Connection Service File" in libpq's documentation.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from entrypoint.url_parts import UrlParts

DRIVERS = ("", "psycopg2", "psycopg", "psycopg_async", "psycopg2cffi")
SERVICE = "PGSERVICE"
# By option of the query. Host and port are left out: SQLAlchemy passes on several forms of them.
VARIABLES = {
    "hostaddr": "PGHOSTADDR",
    "sslmode": "PGSSLMODE",
    "sslnegotiation": "PGSSLNEGOTIATION",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
}


def add_defaults(url: UrlParts, environ: Mapping[str, str]) -> None:
    """Complete the options and the login of `url` with libpq's variables. An empty variable is not set."""
    if url.driver not in DRIVERS:
        return
    given = {name for name, _ in url.options}
    url.options += [
        (name, environ[variable])
        for name, variable in VARIABLES.items()
        if name not in given and environ.get(variable)
    ]
    url.user = url.user or environ.get("PGUSER", "")
    url.password = url.password or environ.get("PGPASSWORD", "")
    url.path = url.path or environ.get("PGDATABASE", "")


def hosts_and_ports(
    hosts: list[str], ports: list[str], environ: Mapping[str, str]
) -> tuple[list[str], list[str]]:
    """Return hosts and ports of PGHOST and PGPORT where a list holds none. They count only as a whole."""
    if hosts == [""]:
        hosts = environ.get("PGHOST", "").split(",")
    if ports in ([], [""]):
        ports = environ.get("PGPORT", "").split(",")
    return hosts, ports
