"""A stock Airflow: the packages of this environment, without the Runtime."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path


def stock(folder: Path) -> tuple[str, ...]:
    """Return the command of an Airflow with the packages of this environment, but for this one."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (ours,) = Path(sys.prefix).glob("lib/python*/site-packages")
    for entry in ours.iterdir():
        if "astro_runtime" not in entry.name:
            (packages / entry.name).symlink_to(entry)
    python = str(folder / "bin" / "python")
    found = (
        "import importlib.metadata as m; print([d for d in m.distributions() if d.name == 'astro-runtime'])"
    )
    said = subprocess.run([python, "-c", found], capture_output=True, text=True, check=True, cwd=folder)
    assert said.stdout == "[]\n", said.stdout
    return python, "-m", "airflow"
