"""The Runtime page: the same HTML on both lines, which each styles as its Airflow."""
