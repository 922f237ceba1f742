"""A process that creates Airflow jobs, as does a child forked from it; each reports its threads and modules."""

from __future__ import annotations

import json
import multiprocessing
import sys
import threading

from airflow.jobs.job import Job

sys.argv = ["airflow", *sys.argv[1:]]


def create_jobs_and_report() -> None:
    """Create jobs, which notifies Airflow's listeners, and print one line of JSON."""
    for _ in range(2):
        Job()
    threads = [thread.name for thread in threading.enumerate() if thread.name.startswith("astro-runtime")]
    modules = [name for name in sys.modules if name.startswith("astro_runtime_plugin.updates.")]
    print(json.dumps({"threads": sorted(threads), "modules": sorted(modules)}), flush=True)


create_jobs_and_report()
child = multiprocessing.get_context("fork").Process(target=create_jobs_and_report)
child.start()
child.join()
