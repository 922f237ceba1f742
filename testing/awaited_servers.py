"""URLs of servers that a start waits for, and a wait that ends soon."""

from __future__ import annotations

PASSWORD = "s3cr3t-p4ss"
QUICK = {"CONNECTION_CHECK_MAX_COUNT": "2", "CONNECTION_CHECK_SLEEP_TIME": "0.2"}


def database(port: int) -> str:
    return f"postgresql+psycopg2://airflow:{PASSWORD}@127.0.0.1:{port}/airflow"


def broker(port: int) -> str:
    return f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
