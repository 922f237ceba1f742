"""`make run`: a real Airflow under the Runtime, in the foreground, until Ctrl-C."""
