"""Prints the digest of functions of the installed Airflow, for a fix: `python -m dev.digest MODULE:FUNCTION`."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from astro_runtime_plugin.fixes.source import file_digest

if __name__ == "__main__":
    for word in sys.argv[1:]:
        module, _, function = word.partition(":")
        spec = find_spec(module)
        if spec is None or spec.origin is None:
            sys.exit(f"{module} is not installed")
        print(word, file_digest(spec.origin, function))
