"""The adapter for Airflow 3: an auth manager, its routes, and the middleware in front of Airflow's API."""
