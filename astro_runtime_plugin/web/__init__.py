"""What the web server adds to Airflow's UI: the HTTP API, the footer, the notices and the Runtime page."""
