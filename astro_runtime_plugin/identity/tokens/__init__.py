"""Verification of signed tokens (JWT): pure, without network, files or Airflow."""
