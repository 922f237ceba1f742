"""Lets each process of an Airflow use PyMySQL: Python imports this file by itself if its folder is on PYTHONPATH."""

import testing.pymysql_shim  # noqa: F401
