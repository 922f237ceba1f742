"""The Runtime's own queries to the metadata database while nothing runs (`make bench-queries`).

PostgreSQL logs each statement, with the component that sent it. The Runtime's own are those that stock Airflow, the
same environment without the Runtime, never sends; BEGIN and COMMIT are not counted.
"""

from __future__ import annotations

import csv
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]

from bench import page
from bench.termination import exit_on_sigterm
from dev.docs import markdown
from testing.celery_cluster import AIRFLOW, create_migrated, run_cluster
from testing.installed_line import LINE
from testing.plain_airflow import install_plain_airflow
from testing.servers import Postgres, free_port, postgres_cluster, redis, running
from testing.waiting import retry

START_SECONDS, MINUTES = 120, 4
LOG = (
    "logging_collector=on",
    "log_directory=log",
    "log_filename=statements.log",
    "log_destination=csvlog",
    "log_statement=all",
)
MESSAGE, APPLICATION = 13, 22  # columns of csvlog
COMPONENTS = {
    "3.3": ("scheduler", "api-server", "dag-processor", "triggerer", "celery worker"),
    "2.11": ("scheduler", "webserver", "triggerer", "celery worker"),
}[LINE]
TITLE = f"The Runtime's own queries, Airflow {LINE}"
METHOD = (
    f"Measured by `make bench-queries LINE={LINE}`: statements in {MINUTES} minutes in which nothing runs, with"
    " CeleryExecutor, Redis and PostgreSQL, as a figure an hour. The Runtime's own are those that stock Airflow never"
    " sends. A component writes its row three times within its health check's threshold, for the Runtime page and"
    " `astro-runtime check --cluster`; a scheduler writes the limit and the workers when they change, and every"
    " 20 seconds: 180 times an hour, where it was 720. The rest of a scheduler's are those of `outage-grace`,"
    " `stopped-schedulers` and `lost-messages`. What a scheduler asks once an hour, for notices and updates, comes on"
    " top."
)

Statements = Counter[tuple[str, str]]


@contextmanager
def logging_postgres() -> Iterator[tuple[Postgres, Path]]:
    """Run a PostgreSQL; yield it with the file to which it logs its statements."""
    port = free_port()
    with postgres_cluster() as cluster, running(cluster.server(port, *LOG), port, cluster.home):
        server = Postgres(port)
        retry(lambda: server.sql("postgres", "SELECT 1"), psycopg2.OperationalError)
        yield server, cluster.data / "log" / "statements.csv"


def read_statements(log: Path, begin: int) -> Statements:
    """Return how often each component sent each statement, without its values, from an offset of the log on."""
    statements: Statements = Counter()
    with open(log, newline="") as file:
        file.seek(begin)
        for row in csv.reader(file):
            kind, _, text = row[MESSAGE].partition(": ")
            if re.match("statement|execute", kind) and not re.match(r"(?i)begin|commit|rollback", text):
                statements[row[APPLICATION], without_values(text)] += 1
    return statements


def without_values(text: str) -> str:
    """Return a statement with a sign in place of each value."""
    text = re.sub(r"(E?'(?:[^'\\]|''|\\.)*'|\$?\b\d[\d.e+-]*\b)", "?", text)
    return re.sub(r"\?(?:::\w+(?: \w+)*)?(?:, \?(?:::\w+(?: \w+)*)?)+", "?", text)


def measure(airflow: Sequence[str], server: Postgres, log: Path, database: str) -> Statements:
    """Run every component, with nothing to do, and return its statements."""
    with tempfile.TemporaryDirectory() as folder, redis() as broker:
        home, port = Path(folder), free_port()
        (home / "dags").mkdir()
        extra = {
            "AIRFLOW__API__PORT": str(port),
            "AIRFLOW__API__HOST": "127.0.0.1",
            "AIRFLOW__API__WORKERS": "1",
            "AIRFLOW__WEBSERVER__WEB_SERVER_PORT": str(port),
            "AIRFLOW__WEBSERVER__WEB_SERVER_HOST": "127.0.0.1",
            "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://127.0.0.1:{port}/execution/",
        }
        with run_cluster(home, server.create(database, "migrated"), broker, **extra) as cluster:
            cluster.airflow = airflow
            for component in COMPONENTS:
                cluster.run(component.replace(" ", "-"), *component.split(), PGAPPNAME=component)
            time.sleep(START_SECONDS)
            begin = log.stat().st_size
            time.sleep(MINUTES * 60)
            return read_statements(log, begin)


def own_statements(runtime: Statements, stock: Statements) -> Statements:
    """Return the statements that stock Airflow never sends."""
    texts = {text for _, text in stock}
    return Counter({sent: count for sent, count in runtime.items() if sent[1] not in texts})


def hourly(statements: Statements, component: str) -> str:
    """Return how many statements a component sends in an hour."""
    return f"{sum(count for (name, _), count in statements.items() if name == component) * 60 / MINUTES:,.0f}"


def main() -> None:
    """Print the table and the statements, and write the table on the page."""
    with tempfile.TemporaryDirectory() as folder, logging_postgres() as (server, log):
        home = Path(folder)
        create_migrated(server, home)
        stock = measure(install_plain_airflow(home / "plain"), server, log, "stock")
        runtime = measure(AIRFLOW, server, log, "runtime")
    own = own_statements(runtime, stock)
    rows = [(f"`{name}`", hourly(stock, name), hourly(own, name)) for name in COMPONENTS]
    table = markdown.table(("component", "all of stock Airflow's", "the Runtime's own"), rows)
    page.write_section(TITLE, f"{METHOD} {page.machine()}.\n\n{table}")
    print(table)
    for (component, text), count in sorted(own.items()):
        print(f"{component}: {count} times {text[:300]}", file=sys.stderr)


if __name__ == "__main__":
    exit_on_sigterm()
    main()
