"""What the web server shows: footer, notices, Runtime page and HTTP API, with one adapter per Airflow major."""
