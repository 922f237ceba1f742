"""The bill of materials names the fixes, at the packages that they patch."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.registry import load_fixes
from image import sbom_fixes
from testing.installed_line import LINE

CORE, CELERY = "airflow.jobs.scheduler", "airflow.providers.celery.executor"
OWNERS = {CORE: "apache-airflow-core", CELERY: "apache_airflow_providers_celery"}
ISSUE = "https://github.com/apache/airflow/issues/1"


def patch(module: str, *lines: str) -> Patch:
    return Patch(module, "function", ("0",), lambda original: original, lines or ("3.3", "2.11"))


def create_fix(name: str, issue: str, *patches: Patch) -> Fix:
    return Fix(name, f"{name} works", f"{name} did not", issue, "never", patches)


def bill(*names: str) -> dict[str, Any]:
    return {"bomFormat": "CycloneDX", "components": [{"name": name, "version": "1"} for name in names]}


def patched(bill: dict[str, Any]) -> dict[str, list[str]]:
    """Return the ids of the fixes by component."""
    return {
        component["name"]: [
            each["resolves"][0]["id"] for each in component.get("pedigree", {}).get("patches", ())
        ]
        for component in bill["components"]
    }


def test_fix_is_a_patch_of_each_package_that_it_changes() -> None:
    content = bill("apache-airflow-core", "apache-airflow-providers-celery", "celery")
    fixes = [
        create_fix("one", ISSUE, patch(CORE), patch(CORE)),
        create_fix("both", "", patch(CORE), patch(CELERY)),
        create_fix("other-line", ISSUE, patch(CORE, "2.11")),
        create_fix("not-installed", ISSUE, patch("airflow.providers.missing")),
    ]
    sbom_fixes.add_fixes(content, fixes, "3.3", OWNERS.get)
    assert patched(content) == {
        "apache-airflow-core": ["one", "both"],
        "apache-airflow-providers-celery": ["both"],
        "celery": [],
    }


def test_patch_has_cyclonedx_words_and_a_link() -> None:
    assert sbom_fixes.describe(create_fix("one", ISSUE)) == {
        "type": "monkey",
        "resolves": [
            {
                "type": "defect",
                "id": "one",
                "name": "one works",
                "description": "one did not",
                "references": [ISSUE],
            }
        ],
    }
    (defect,) = sbom_fixes.describe(create_fix("one", ""))["resolves"]
    assert "references" not in defect


def test_package_that_the_bill_lacks_is_an_error() -> None:
    with pytest.raises(LookupError):
        sbom_fixes.add_fixes(bill("celery"), [create_fix("one", ISSUE, patch(CORE))], "3.3", OWNERS.get)


def test_every_fix_of_the_installed_airflow_is_in_the_bill(tmp_path: Path) -> None:
    names = {*sbom_fixes.installed_owners().values()}
    path = tmp_path / "sbom.json"
    path.write_text(json.dumps(bill(*names)))
    sbom_fixes.main(path)
    content = json.loads(path.read_text())
    ids = {fix.id for fix in load_fixes() if LINE in fix.lines}
    assert ids == {each for named in patched(content).values() for each in named}
    owner = {"3.3": "apache-airflow-core", "2.11": "apache-airflow"}[LINE]
    assert version(owner)
    assert "stale-dags" in patched(content)[owner]
