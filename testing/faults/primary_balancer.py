"""HAProxy before PostgreSQL servers: it passes connections to the one that is the primary, and notices a new one."""

from __future__ import annotations

import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg2  # type: ignore[import-untyped]

from testing.servers import Postgres, free_port, running
from testing.waiting import wait_until

# PostgreSQL's protocol, version 3.0: a start with its parameters, an idle server, a query, a row with one column "f".
PARAMETERS = b"user\0postgres\0database\0postgres\0\0"
START = struct.pack("!II", 8 + len(PARAMETERS), 0x30000) + PARAMETERS
IDLE = b"Z\0\0\0\5I"
QUERY = b"SELECT pg_is_in_recovery()\0"
ASK = b"Q" + struct.pack("!I", 4 + len(QUERY)) + QUERY
IS_PRIMARY = b"D\0\0\0\x0b\0\1\0\0\0\1f"
CONFIGURATION = """\
defaults
  mode tcp
  retries 0
  timeout connect 5s
  timeout client 1d
  timeout server 1d
  timeout check 5s
listen primary
  bind 127.0.0.1:{port}
  option tcp-check
  tcp-check connect
  tcp-check send-binary {start}
  tcp-check expect binary {idle}
  tcp-check send-binary {ask}
  tcp-check expect binary {is_primary}
  default-server check inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
"""


@contextmanager
def primary_balancer(*servers: int) -> Iterator[int]:
    """Run HAProxy before the servers on these ports, and yield its own port."""
    port = free_port()
    parts = {"start": START, "idle": IDLE, "ask": ASK, "is_primary": IS_PRIMARY}
    lines = [CONFIGURATION.format(port=port, **{name: part.hex() for name, part in parts.items()})]
    lines += [f"  server postgres-{number} 127.0.0.1:{server}\n" for number, server in enumerate(servers)]
    with tempfile.TemporaryDirectory(prefix="haproxy-") as folder:
        path = Path(folder) / "haproxy.cfg"
        path.write_text("".join(lines))
        with running(["/usr/sbin/haproxy", "-db", "-f", str(path)], port, Path(folder)):
            # Until it has asked them, HAProxy takes all servers for good ones, and uses them in turn.
            wait_until(lambda: not any(is_standby(port) for _ in servers))
            yield port


def is_standby(port: int) -> bool:
    """Whether a connection to this port ends at a standby, or at nothing."""
    try:
        return bool(Postgres(port).sql("postgres", "SELECT pg_is_in_recovery()")[0][0])
    except psycopg2.OperationalError:
        return True
