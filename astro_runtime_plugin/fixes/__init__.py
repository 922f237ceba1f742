"""Faults of Airflow that the Runtime repairs ahead of upstream: one module for each."""
