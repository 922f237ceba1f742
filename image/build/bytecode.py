"""Compiles the modules in folders, so that every build gives the same bytecode: it contains the time of its source."""

from __future__ import annotations

import compileall
import os
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

from image.build.layers import set_time


def compile_all(folder: Path) -> None:
    """Compile every module in a folder that can be compiled: some are templates, or for other versions of Python."""
    for path in folder.rglob("*.py"):
        set_time(path)
    compileall.compile_dir(
        folder,
        maxlevels=100,
        quiet=2,
        workers=os.cpu_count() or 1,
        invalidation_mode=PycInvalidationMode.TIMESTAMP,
    )


if __name__ == "__main__":
    for name in sys.argv[1:]:
        compile_all(Path(name))
