"""A process with a job of Airflow's, and a child of it that is forked with one: the threads and modules of each."""

from __future__ import annotations

import json
import multiprocessing
import sys
import threading

from airflow.jobs.job import Job

sys.argv = ["airflow", *sys.argv[1:]]


def there() -> None:
    """Make jobs, which Airflow's listeners hear, and write one JSON line."""
    for _ in range(2):
        Job()
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("astro-runtime")]
    modules = [name for name in sys.modules if name.startswith("astro_runtime_plugin.updates.")]
    print(json.dumps({"threads": sorted(threads), "modules": sorted(modules)}), flush=True)


there()
child = multiprocessing.get_context("fork").Process(target=there)
child.start()
child.join()
