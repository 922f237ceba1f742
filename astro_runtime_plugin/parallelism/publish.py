"""What is told after each round of answers: Airflow's metrics, and the record that the web server reads."""

from __future__ import annotations

from airflow import __version__ as airflow_version

from astro_runtime_plugin.database import state
from astro_runtime_plugin.parallelism.limit import LimitState
from astro_runtime_plugin.parallelism.snapshot import KIND, to_record

if airflow_version.startswith("2."):
    from airflow.stats import Stats as stats  # noqa: N813
else:
    from airflow._shared.observability.metrics import stats


def metrics(bound: LimitState) -> None:
    """Send the gauges `astro_runtime.parallelism`, in tasks, and `astro_runtime.workers`."""
    stats.gauge("astro_runtime.parallelism", bound.value)
    stats.gauge("astro_runtime.workers", len(bound.workers))


def record(bound: LimitState) -> None:
    """Write the bound and the workers down for whoever shows them."""
    state.put(KIND, state.process_name(), to_record(bound))


SUBSCRIBERS = {"metrics": metrics, "record of the workers": record}
