"""Prints the digests of the installed providers whose information is valid, for the list of the environment.

`python -m image.valid_providers` runs in the environment, with the variable `_AIRFLOW__AS_LIBRARY` set. What is
invalid is left out, so that Airflow says at its start what is wrong.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from importlib.metadata import entry_points

from jsonschema.validators import validator_for  # type: ignore[import-untyped]

from astro_runtime_plugin.fixes.support.valid_providers import digest, read_schema

GROUP = "apache_airflow_provider"


def valid_digests() -> Iterator[str]:
    """Yield the digest of each provider whose information is valid."""
    text = read_schema()
    schema = json.loads(text)
    validator = validator_for(schema)(schema)
    for entry_point in entry_points(group=GROUP):
        info = entry_point.load()()
        if validator.is_valid(info):
            yield digest(info, text)


if __name__ == "__main__":
    print(*sorted(valid_digests()), sep="\n")
