#!/bin/sh
# `python -m entrypoint`. -I: neither the folder that the container starts in nor PYTHONPATH can stand in for a module of it.
exec /opt/astro-runtime/bin/python -I -m entrypoint "$@"
