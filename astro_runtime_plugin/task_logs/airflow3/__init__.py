"""Airflow 3's side of task logs."""
