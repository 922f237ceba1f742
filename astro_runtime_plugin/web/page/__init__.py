"""The Runtime page: the same HTML on both lines, drawn in the style of the Airflow around it."""
