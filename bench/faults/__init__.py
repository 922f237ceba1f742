"""The matrix of faults: what is lost when a part of a running Airflow fails (`make faults`)."""
