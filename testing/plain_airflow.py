"""An Airflow without the Runtime: the packages of this environment, except for this one."""

from __future__ import annotations

import subprocess
import sys
import venv
from pathlib import Path

LIST_RUNTIME = (
    "import importlib.metadata as m; print([d for d in m.distributions() if d.name == 'astro-runtime'])"
)


def install_plain_airflow(folder: Path) -> tuple[str, ...]:
    """Create a virtual environment in `folder`, with `bin/airflow`; return the words that run its `airflow`."""
    venv.create(folder, with_pip=False, symlinks=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (ours,) = Path(sys.prefix).glob("lib/python*/site-packages")
    for entry in ours.iterdir():
        if "astro_runtime" not in entry.name:
            (packages / entry.name).symlink_to(entry)
    python = str(folder / "bin" / "python")
    script = folder / "bin" / "airflow"
    script.write_text(f'#!/bin/sh\nexec {python} -m airflow "$@"\n')
    script.chmod(0o755)
    done = subprocess.run(
        [python, "-c", LIST_RUNTIME], capture_output=True, text=True, check=True, cwd=folder
    )
    assert done.stdout == "[]\n", done.stdout
    return python, "-m", "airflow"
