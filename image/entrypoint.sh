#!/bin/sh
# `python -m entrypoint`. -I: no module in the working directory or on PYTHONPATH can shadow one of the entrypoint's.
exec /opt/astro-runtime/bin/python -I -m entrypoint "$@"
