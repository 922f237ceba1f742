"""The container's health check, `python -m astro_runtime_plugin.health`: it knows its component without Airflow."""
