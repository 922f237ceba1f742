"""Writes the versions of catalogue.json into Dockerfile and docker-bake.hcl, which cannot read it (`make versions`)."""

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


def debian_codename(row: dict[str, Any], python: str) -> str:
    """Return the code name of the Debian that the release's image with Python `python` is built on."""
    codename: str
    (codename,) = (
        os["codename"] for os in row["os"] if python in os.get("python_versions", row["python_versions"])
    )
    return codename


def build_arguments(line: str, python: str) -> dict[str, str]:
    """Return the build arguments of the image on `line` with Python `python`."""
    row = newest(line)
    return {
        "RELEASE": row["release"],
        "LINE": line,
        "AIRFLOW_VERSION": row["airflow"],
        "PYTHON_VERSION": python,
        "DEBIAN": debian_codename(row, python),
    }


def render_dockerfile(text: str) -> str:
    """Return the Dockerfile with the build arguments of the default image."""
    for name, value in build_arguments(LINES[0], newest(LINES[0])["default_python"]).items():
        text, count = re.subn(rf"(?m)^ARG {name}=.*$", f"ARG {name}={value}", text)
        if count != 1:
            raise LookupError(f"Dockerfile has {count} lines ARG {name}=; it must have one")
    return text


def render_bake(text: str) -> str:
    """Return docker-bake.hcl with a matrix row for each release and Python."""
    matrix = [matrix_row(line, python) for line in LINES for python in newest(line)["python_versions"]]
    rows = "".join(f"      {row},\n" for row in matrix)
    return BLOCK.sub(lambda match: f"{match[1]}    it = [\n{rows}    ]\n{match[2]}", text)


def matrix_row(line: str, python: str) -> str:
    """Return a row of the matrix; the image with the default Python also has a tag without it."""
    row, codename = newest(line), debian_codename(newest(line), python)
    tags = [f"{row['release']}-python-{python}"]
    if python == row["default_python"]:
        tags.insert(0, row["release"])
    facts = {"tag": tags[0], "tags": tags, "release": row["release"], "line": line, "airflow": row["airflow"]}
    facts |= {"python": python, "debian": codename}
    return "{ " + ", ".join(f"{name} = {json.dumps(fact)}" for name, fact in facts.items()) + " }"


def render_files() -> dict[Path, str]:
    """Return the text that each file must have."""
    renderers = {"Dockerfile": render_dockerfile, "docker-bake.hcl": render_bake}
    return {CHECKOUT / name: render((CHECKOUT / name).read_text()) for name, render in renderers.items()}


if __name__ == "__main__":
    for path, text in render_files().items():
        path.write_text(text)
