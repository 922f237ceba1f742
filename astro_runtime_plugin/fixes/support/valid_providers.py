"""The providers whose information is known to be valid: a list of digests, made when the image is built."""

from __future__ import annotations

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any

MAX_BYTES = 1024 * 1024


def list_path() -> Path:
    """Return where an environment has its list, if it has one."""
    return Path(sys.prefix, "share", "astro-runtime", "valid-providers.txt")


def read_digests(path: Path) -> frozenset[str]:
    """Return the digests of a list; none if there is no list, or it cannot be read."""
    try:
        with path.open(encoding="ascii") as file:
            return frozenset(file.read(MAX_BYTES).split())
    except (OSError, ValueError):
        return frozenset()


def read_schema() -> bytes:
    """Return the schema of providers' information, which decides what is valid. Raises OSError."""
    import airflow

    return Path(airflow.__path__[0], "provider_info.schema.json").read_bytes()


def digest(info: Any, schema: bytes) -> str:
    """Return the digest of a provider's information and the schema. Raises TypeError for what JSON cannot express."""
    return sha256(schema + json.dumps(info, sort_keys=True).encode()).hexdigest()
