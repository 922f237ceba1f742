"""A process that checks the update document at the URL in `argv` as a scheduler does, twice per line on stdin."""

from __future__ import annotations

import sys

import testing.pymysql_shim  # noqa: F401 - before Airflow
from astro_runtime_plugin.updates import store
from astro_runtime_plugin.updates.daily import DailyCheck

url = sys.argv[1]
print("ready", flush=True)
daily = DailyCheck(url)
for _ in sys.stdin:
    for _ in range(2):
        daily.check()
    print(f"stored {len(store.listed_releases(url).document)}", flush=True)
