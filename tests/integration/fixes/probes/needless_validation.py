"""Looks at the providers in an environment whose list has all of them: `needless_validation FOLDER`.

It writes the list into the folder. With the word `invalid` after that, there is one more provider, which is invalid.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from testing.proof import report

FOLDER = Path(sys.argv[1])
INVALID = "package-name: a text, not what the schema wants"


def write_list() -> None:
    """Write the list in another process, as the build does."""
    target = FOLDER / "share" / "astro-runtime" / "valid-providers.txt"
    target.parent.mkdir(parents=True)
    command = [sys.executable, "-m", "image.valid_providers"]
    environ = {**os.environ, "_AIRFLOW__AS_LIBRARY": "1"}
    target.write_text(subprocess.run(command, env=environ, capture_output=True, text=True, check=True).stdout)


def add_invalid_provider() -> None:
    """Install a provider whose information is no object."""
    info = FOLDER / "site" / "invalid_provider-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: invalid-provider\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[apache_airflow_provider]\nprovider_info = invalid_provider:get_provider_info\n"
    )
    (FOLDER / "site" / "invalid_provider.py").write_text(
        f"def get_provider_info():\n    return {INVALID!r}\n"
    )
    sys.path.insert(0, str(FOLDER / "site"))


def look() -> list[str]:
    """Return the names of the providers, or the name of the error."""
    try:
        from airflow.providers_manager import ProvidersManager  # Airflow looks at them while it is imported

        return sorted(ProvidersManager().providers)
    except Exception as error:
        return [type(error).__name__]


write_list()
sys.prefix = str(FOLDER)
if sys.argv[2:] == ["invalid"]:
    add_invalid_provider()
report({"providers": look(), "imported": "jsonschema.validators" in sys.modules})
