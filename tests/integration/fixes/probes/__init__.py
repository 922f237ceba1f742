"""What runs in an Airflow process of its own, for the proof of each fix; each prints one JSON value."""
