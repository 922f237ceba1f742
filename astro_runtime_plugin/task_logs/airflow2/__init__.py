"""Airflow 2's side of task logs."""
