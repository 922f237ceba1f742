"""How large the images are, and which folders make them so (`make bench-image` keeps it on the benchmarks page)."""

from __future__ import annotations

import sys

from bench import page
from dev.docs.markdown import table
from dev.images import size, tag
from entrypoint.airflow_line import LINES
from tests.image.docker import once

FOLDERS = 8
# Two commands: one of them counts what lies in two of its folders only once.
SITE = "/opt/astro-runtime/lib/python*/site-packages"
DU = f"du -sm /usr /opt/astro-runtime; du -sm {SITE}/* | sort -rn | head -{FOLDERS}"


def largest(image: str) -> list[tuple[str, str]]:
    """Return the largest folders of an image: megabytes and path."""
    listed = once(image, "bash", "-c", DU).stdout.splitlines()
    found = (line.split("\t") for line in listed)
    return [(megabytes, path.rpartition("site-packages/")[2]) for megabytes, path in found]


def main(lines: list[str]) -> None:
    """Print the table and keep it."""
    rows = []
    for image in (tag(line, variant) for line in lines for variant in ("-base", "-slim-base")):
        folders = ", ".join(f"`{path}` {megabytes}" for megabytes, path in largest(image))
        rows.append((f"`{image}`", f"{size(image) / 1e6:.0f} MB", folders))
    drawn = table(("image", "size", "largest folders, in MiB"), rows)
    print(drawn)
    page.keep("How large the images are", f"Measured by `make bench-image`, bytecode included.\n\n{drawn}")


if __name__ == "__main__":
    main(sys.argv[1:] or list(LINES))
