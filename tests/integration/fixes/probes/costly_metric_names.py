"""Reads the table of metrics of a package: `costly_metric_names PACKAGE`, or `… PACKAGE "without C"`."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import airflow  # noqa: F401
import yaml  # type: ignore[import-untyped]
from yaml.scanner import Scanner  # type: ignore[import-untyped]

from testing.proof import report

registry: Any = import_module(f"{sys.argv[1]}._shared.observability.metrics.metrics_registry")
fetch: Any = Scanner.fetch_more_tokens
calls: list[None] = []


def fetch_and_count(scanner: Any) -> Any:
    """Stand for what each document needs that the parser in Python reads."""
    calls.append(None)
    return fetch(scanner)


def read_missing() -> str:
    """Return the name of the error for a file that is not there."""
    try:
        registry.read_metrics_yaml(yaml_path="/nowhere")
    except Exception as error:
        return type(error).__name__
    return ""


expected = yaml.safe_load(registry.YAML_REGISTRY_PATH.read_text())["metrics"]
if sys.argv[2:]:
    del yaml.CSafeLoader
Scanner.fetch_more_tokens = fetch_and_count
table = registry.MetricsRegistry()
report(
    {
        "parser in Python": bool(calls),
        "same": list(table._metrics.values()) == expected,
        "error": read_missing(),
    }
)
