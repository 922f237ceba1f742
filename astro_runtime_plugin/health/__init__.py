"""The container's health check, `python -m astro_runtime_plugin.health`. It does not import Airflow."""
