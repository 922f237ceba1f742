"""Airflow 2: the auth manager, which decides by grants, and what it adds to the webserver."""
