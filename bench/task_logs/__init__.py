"""What task logs in a store cost and keep, with Airflow's own remote logging side by side (`make bench-task-logs`)."""
