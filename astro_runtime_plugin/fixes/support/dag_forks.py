"""Tells whether this process forks others that run the code of DAGs."""

from __future__ import annotations

import sys

from astro_runtime_plugin.component import API_SERVER, from_subcommand


def forks_dag_code() -> bool:
    """Whether this process is a component whose forks parse DAGs or run tasks: what it imports, they need not."""
    return from_subcommand(sys.argv[1:]) not in (None, API_SERVER)
