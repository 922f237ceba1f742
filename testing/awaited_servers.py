"""URLs of servers that a start waits for, waits that end soon, and one that a slow machine does not end."""

from __future__ import annotations

PASSWORD = "s3cr3t-p4ss"
# Without a pause the checks are counted; with one, a single slow check may use up all the time.
ONCE = {"CONNECTION_CHECK_MAX_COUNT": "1", "CONNECTION_CHECK_SLEEP_TIME": "0"}
QUICK = {"CONNECTION_CHECK_MAX_COUNT": "2", "CONNECTION_CHECK_SLEEP_TIME": "0"}
PATIENT = {"CONNECTION_CHECK_MAX_COUNT": "300", "CONNECTION_CHECK_SLEEP_TIME": "1"}


def database(port: int) -> str:
    return f"postgresql+psycopg2://airflow:{PASSWORD}@127.0.0.1:{port}/airflow"


def broker(port: int) -> str:
    return f"redis://:{PASSWORD}@127.0.0.1:{port}/0"
