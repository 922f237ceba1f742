"""The secrets of every Airflow under test: fixed, and worthless anywhere else."""

from __future__ import annotations

FERNET_KEY = "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="
SECRET_KEY = "a secret of the tests, worthless anywhere else"
