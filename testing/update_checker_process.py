"""A process that looks at the update document of the URL in `argv` as a scheduler does, each time it is told to."""

from __future__ import annotations

import sys

import testing.pymysql_shim  # noqa: F401 - before Airflow
from astro_runtime_plugin.updates import store
from astro_runtime_plugin.updates.daily import DailyCheck

print("ready", flush=True)
daily = DailyCheck(sys.argv[1])
for _ in sys.stdin:
    for _ in range(2):
        daily.check()
    print(f"knows {len(store.stored_releases(sys.argv[1]))}", flush=True)
