"""Writes the facts of catalogue.json into Dockerfile and docker-bake.hcl, which cannot read it (`make versions`)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from astro_runtime_plugin.releases.current import catalogue_rows, release_of
from entrypoint.airflow_line import LINES

CHECKOUT = Path(__file__).parents[1]
BLOCK = re.compile(r"(: begin\n)(?s:.*?)( +# end\n)")


def newest(line: str) -> dict[str, Any]:
    """Return the catalogue's row of the release of `line` that this checkout builds."""
    return {row["release"]: row for row in catalogue_rows()}[release_of(line)]


def debian(row: dict[str, Any], python: str) -> str:
    """Return the code name of the Debian that the release's image with Python `python` is built on."""
    codename: str
    (codename,) = (
        os["codename"] for os in row["os"] if python in os.get("python_versions", row["python_versions"])
    )
    return codename


def arguments(line: str, python: str) -> dict[str, str]:
    """Return the build arguments of an image on `line` with Python `python`."""
    row = newest(line)
    return {
        "RELEASE": row["release"],
        "LINE": line,
        "AIRFLOW_VERSION": row["airflow"],
        "PYTHON_VERSION": python,
        "DEBIAN": debian(row, python),
    }


def dockerfile(text: str) -> str:
    """Return the Dockerfile's text with the default variant's arguments in it."""
    for name, value in arguments(LINES[0], newest(LINES[0])["default_python"]).items():
        text, count = re.subn(rf"(?m)^ARG {name}=.*$", f"ARG {name}={value}", text)
        if count != 1:
            raise LookupError(f"Dockerfile has {count} lines ARG {name}=; it must have one")
    return text


def bake(text: str) -> str:
    """Return the text of docker-bake.hcl with every release and Python in it."""
    builds = [build(line, python) for line in LINES for python in newest(line)["python_versions"]]
    rows = "".join(f"      {one},\n" for one in builds)
    return BLOCK.sub(lambda found: f"{found[1]}    it = [\n{rows}    ]\n{found[2]}", text)


def build(line: str, python: str) -> str:
    """Return a row of the matrix; the default Python's tags go without its name, too."""
    row, given = newest(line), arguments(line, python)
    tags = [f"{row['release']}-python-{python}"]
    if python == row["default_python"]:
        tags.insert(0, row["release"])
    facts = {"tag": tags[0], "tags": tags, "release": row["release"], "line": line, "airflow": row["airflow"]}
    facts |= {"python": python, "debian": given["DEBIAN"]}
    return "{ " + ", ".join(f"{name} = {json.dumps(fact)}" for name, fact in facts.items()) + " }"


def written() -> dict[Path, str]:
    """Return what the files must hold."""
    writers = {"Dockerfile": dockerfile, "docker-bake.hcl": bake}
    return {CHECKOUT / name: write((CHECKOUT / name).read_text()) for name, write in writers.items()}


if __name__ == "__main__":
    for path, text in written().items():
        path.write_text(text)
