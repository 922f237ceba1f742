"""Airflow 2 with the provider: its commands."""
