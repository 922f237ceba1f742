"""Example answers of the HTTP API, by path. A test validates them against the models that the API answers with."""

from __future__ import annotations

from typing import Any

EXAMPLES: dict[str, Any] = {
    "/api/runtime": {
        "release": "3.3-1",
        "image_tag": "orders:7",
        "airflow_version": "3.3.2",
        "python_version": "3.12.12",
        "links": [{"name": "Wiki", "url": "https://wiki.example.com/airflow"}],
        "settings": [
            {
                "documented": "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
                "variable": "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL",
                "value": "60",
                "stock": "300",
                "origin": "operator environment",
                "why": "",
                "set_as": "AIRFLOW__SCHEDULER__DAG_DIR_LIST_INTERVAL",
            }
        ],
    },
    "/api/workers": {
        "parallelism": "48",
        "origin": "Runtime",
        "why": "3×16 default",
        "schedulers": [{"scheduler": "scheduler-0:7", "parallelism": 32, "why": "2×16 default"}],
        "queues": [
            {
                "name": "default",
                "workers": [
                    {"name": "celery@worker-1", "pool": 16},
                    {"name": "celery@worker-2", "pool": 16},
                ],
                "pool": 32,
            }
        ],
    },
    "/api/task-logs": {
        "store": "s3://airflow-logs/production",
        "retention_days": 90,
        "pending_bytes": 65536,
        "lost_bytes": 0,
        "lag_seconds": 12.5,
        "machines": [
            {
                "machine": "worker-1",
                "pending_bytes": 65536,
                "lost_bytes": 0,
                "lag_seconds": 12.5,
                "problem": "EndpointConnectionError",
            }
        ],
    },
    "/api/components": [
        {
            "component": "scheduler",
            "host": "scheduler-0",
            "image_tag": "orders:7",
            "release": "3.3-1",
            "since": "2026-11-26T08:15:00+00:00",
        }
    ],
    "/api/fixes": [
        {
            "id": "stale-dags",
            "title": "A DAG file that takes too long to parse, or crashes, keeps its DAGs active",
            "state": "active",
            "issue": "https://github.com/apache/airflow/issues/49689",
            "ends": "Airflow passes deactivate_stale_dags only the times of parsing results that were saved.",
        }
    ],
    "/api/notices": {
        "notices": [
            {
                "id": "update:3.3-2",
                "level": "info",
                "text": "Release 3.3-2 (Airflow 3.3.3) is available; 3.3-1 is running.",
                "url": "https://example.com/3.3-2",
            }
        ],
        "dismissal_days": 7,
    },
}
