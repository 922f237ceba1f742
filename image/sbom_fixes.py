"""Adds the Runtime's fixes of Airflow to a bill of materials: CycloneDX calls them patches of a component's pedigree.

`python sbom_fixes.py sbom.cdx.json` runs in the environment that the bill lists, and changes the file.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import distributions
from pathlib import Path
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix
from astro_runtime_plugin.fixes.registry import load_fixes
from entrypoint.airflow_line import installed_airflow, line_of

Json = dict[str, Any]
Owner = Callable[[str], str | None]


def add_fixes(bill: Json, fixes: Iterable[Fix], line: str, owner: Owner) -> None:
    """Add the fixes of a line to the components that they patch; `owner` names the distribution of a module.

    A fix of a distribution that is not installed is left out. Raises LookupError if the bill lacks an installed one.
    """
    components = {normalize(component["name"]): component for component in bill["components"]}
    for fix in fixes:
        owners = [owner(patch.module) for patch in fix.patches_for(line)]
        for name in dict.fromkeys(filter(None, owners)):
            pedigree = components[normalize(name)].setdefault("pedigree", {})
            pedigree.setdefault("patches", []).append(describe(fix))


def describe(fix: Fix) -> Json:
    """Return a fix as a patch at run time, in CycloneDX's words."""
    defect = {"type": "defect", "id": fix.id, "name": fix.title, "description": fix.symptom}
    source = {"references": [fix.issue]} if fix.issue else {}
    return {"type": "monkey", "resolves": [{**defect, **source}]}


def normalize(name: str) -> str:
    """Return the one spelling of a distribution's name."""
    return name.lower().replace("_", "-").replace(".", "-")


def installed_owners() -> Mapping[str, str]:
    """Return the installed distributions by the path of each of their Python files, such as `airflow/dag.py`."""
    return {
        str(file): str(distribution.metadata["Name"])
        for distribution in distributions()
        for file in distribution.files or ()
        if file.suffix == ".py"
    }


def main(path: Path) -> None:
    """Add the fixes of the installed Airflow to the bill of materials in a file."""
    owners = installed_owners()

    def owner(module: str) -> str | None:
        file = module.replace(".", "/")
        return owners.get(f"{file}.py") or owners.get(f"{file}/__init__.py")

    bill = json.loads(path.read_text())
    add_fixes(bill, load_fixes(), line_of(installed_airflow()), owner)
    path.write_text(json.dumps(bill, indent=2) + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
