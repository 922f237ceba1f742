"""Celery's time-out for sending, for a busy machine: Airflow's second may be too short there."""

from __future__ import annotations

SEND_TIMEOUT = {"AIRFLOW__CELERY__OPERATION_TIMEOUT": "60"}  # seconds
