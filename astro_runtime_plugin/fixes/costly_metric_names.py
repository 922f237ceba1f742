"""Airflow reads its table of metrics in a few milliseconds.

For its first metric, a process of Airflow looks up the metric's old name in a YAML file, also if metrics are off. It
reads the file with PyYAML's parser in Python, although PyYAML has one in C, which returns the same: a twentieth of
what a task's pod does before the first line of its task. Here the one in C reads it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "costly-metric-names"
Metrics = list[dict[str, Any]]


def read_in_c(read: Callable[[str], Metrics]) -> Callable[[str], Metrics]:
    """Wrap `read_metrics_yaml`."""

    @wraps(read)
    def read_metrics_yaml(yaml_path: str) -> Metrics:
        return attempt(ID, None, parse, yaml_path) or read(yaml_path)

    return read_metrics_yaml


def parse(path: str) -> Metrics | None:
    """Return the metrics of a file; None if there is none, or where PyYAML has no parser in C."""
    import yaml  # type: ignore[import-untyped]

    if not hasattr(yaml, "CSafeLoader") or not os.path.exists(path):
        return None
    with open(path) as file:
        metrics: Metrics = yaml.load(file, yaml.CSafeLoader)["metrics"]
    return metrics


REGISTRY = "_shared.observability.metrics.metrics_registry"
FIX = Fix(
    id=ID,
    title="Airflow reads its table of metrics in a few milliseconds",
    symptom="Each task takes about 60 milliseconds of processor time more than it needs.",
    issue="",
    ends="Airflow reads its table of metrics with PyYAML's parser in C, or does without the table.",
    patches=tuple(
        Patch(f"{package}.{REGISTRY}", "read_metrics_yaml", ("09f5142e79a30a4a",), read_in_c, ("3.3",))
        for package in ("airflow", "airflow.sdk")
    ),
)
