"""Connection arguments for a metadata database whose server, or a proxy before it, may be gone without a word.

A machine that is lost closes no connection. Without these a query waits for a quarter of an hour, for as long as the
kernel sends it again; one that has been sent waits for two hours, and a login forever. Then the scheduler stands
still, and a task does not end. With them each fails after about 30 seconds, and what outlives an outage of the
database goes on with another connection.

`[database] sql_alchemy_connect_args` takes the name of `CONNECT_ARGS`, for psycopg2, the driver of PostgreSQL.
"""

from __future__ import annotations

# Parameters of libpq: in seconds, but for the last one, which is in milliseconds.
CONNECT_ARGS: dict[str, int] = {
    "connect_timeout": 10,
    "keepalives_idle": 15,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 30_000,
}
