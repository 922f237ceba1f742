"""Builds the slim image of each line twice, without the cache, and compares the digests (`make reproduce`)."""

from __future__ import annotations

import json
import subprocess
import sys

from dev.images import build, tag
from entrypoint.airflow_line import LINES

VARIANT = "-slim-base"


def build_anew(line: str) -> tuple[str, list[str]]:
    """Build an image anew; return its digest and those of its layers."""
    build([line], [VARIANT], ["--no-cache"])
    command = ["docker", "image", "inspect", tag(line, VARIANT)]
    (image,) = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    return image["Id"], image["RootFS"]["Layers"]


def main(lines: list[str]) -> int:
    """Print the digests; return 1 if two builds differ."""
    differs = False
    for line in lines:
        (first, layers), (second, others) = build_anew(line), build_anew(line)
        print(f"{tag(line, VARIANT)}: {first}, {second}")
        for number, digests in enumerate(zip(layers, others, strict=True)):
            if len(set(digests)) > 1:
                print(f"  layer {number} differs: {', '.join(digests)}")
        differs |= first != second
    return int(differs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:] or list(LINES)))
