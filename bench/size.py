"""The sizes of the images and of their largest folders, for the benchmarks page (`make bench-image`)."""

from __future__ import annotations

import sys

from bench import page
from dev.docs import markdown
from dev.images import size, tag
from entrypoint.airflow_line import LINES
from testing.docker_engine import once

FOLDERS = 8
MAX_MEGABYTES = {"-base": 1700, "-slim-base": 600}
# Two commands, because one would count a file that is in two of its folders only once.
SITE = "/opt/astro-runtime/lib/python*/site-packages"
DU = f"du -sm /usr /opt/astro-runtime; du -sm {SITE}/* | sort -rn | head -{FOLDERS}"
FILES = "find /usr /opt -type f -name '*.{suffix}' -printf '%i %s\\n' | sort -u"  # a file with two names once
SUM = f"{FILES} | awk '{{{{bytes += $2}}}} END {{{{printf \"%.0f\", bytes / 1e6}}}}'"
KINDS = {"sources": "py", "bytecode": "pyc"}
COMMENT = """\
Images exceed their goal because they keep every module that a program can use, and its bytecode: without it, each start
would compile what it imports. Removed are tests of packages, symbols for debuggers and sources of compiled modules;
files that are the same are links (`image/build/trim.py`)."""


def largest_folders(image: str) -> list[tuple[str, str]]:
    """Return the largest folders of an image: megabytes and path."""
    lines = once(image, "bash", "-c", DU).stdout.splitlines()
    rows = (line.split("\t") for line in lines)
    return [(megabytes, path.rpartition("site-packages/")[2]) for megabytes, path in rows]


def megabytes_of(image: str, suffix: str) -> str:
    """Return the megabytes of an image's files with this suffix, as text."""
    return once(image, "bash", "-c", SUM.format(suffix=suffix)).stdout


def row(image: str, limit: int) -> tuple[str, ...]:
    """Return the table's row of an image."""
    megabytes = size(image) / 1e6
    folders = ", ".join(f"`{path}` {folder_megabytes}" for folder_megabytes, path in largest_folders(image))
    kinds = [f"{megabytes_of(image, suffix)} MB" for suffix in KINDS.values()]
    total = page.mark(f"{megabytes:.0f} MB", megabytes <= limit)
    return f"`{image}`", total, f"at most {limit} MB", *kinds, folders


def main(lines: list[str]) -> None:
    """Print the table and write its section."""
    rows = [row(tag(line, variant), limit) for line in lines for variant, limit in MAX_MEGABYTES.items()]
    table = markdown.table(("image", "size", "goal", *KINDS, "largest folders, in MiB"), rows)
    print(table)
    page.write_section(
        "How large the images are",
        f"Measured by `make bench-image`, bytecode included. {COMMENT}\n\n{table}",
    )


if __name__ == "__main__":
    main(sys.argv[1:] or list(LINES))
