"""Where the facts about releases come from: the catalogue of the package, valid or not, and the update document."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest

from testing.cli_process import PackageCopy, run_astro_runtime
from testing.installed_line import AIRFLOW, LINE, RELEASE
from testing.releases import UNTIL
from testing.update_documents import document_text, release_row


@pytest.mark.parametrize("words", [("versions",), ("lifecycle", "9.0.0"), ("check",), ("version",)], ids=str)
def test_invalid_catalogue_exits_78_with_a_single_message(
    package_copy: PackageCopy, words: Sequence[str]
) -> None:
    package_copy.change_release("9.0.0", release_date="2023-08-32")
    done = package_copy.run(*words)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("astro-runtime: catalogue.json: release 9.0.0: release_date: ")
    assert "(it holds '2023-08-32')" in done.stderr
    assert done.stderr.count("\n") == 1


def test_catalogue_that_is_not_json_exits_78(package_copy: PackageCopy) -> None:
    package_copy.catalogue.write_text("{")
    done = package_copy.run("versions")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("astro-runtime: catalogue.json: Invalid JSON: ")


@pytest.mark.parametrize("words", [("check",), ("version",), ("lifecycle",)], ids=str)
def test_airflow_without_a_release_exits_78(package_copy: PackageCopy, words: Sequence[str]) -> None:
    (package_copy.path / "apache_airflow-2.10.5.dist-info").mkdir()
    done = package_copy.run(*words)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(
        "astro-runtime: Airflow 2.10.5 is installed, but no Runtime release contains"
    )


def test_update_document_overrides_the_catalogue(tmp_path: Path) -> None:
    path = tmp_path / "updates.json"
    yanked = release_row(str(AIRFLOW), "2026-11-24", yanked=True, yankedReason="Tasks get lost")
    path.write_text(document_text(*({RELEASE: yanked} if line == LINE else {} for line in ("2.11", "3.3"))))
    environ = {"AIRFLOW__ASTRO_RUNTIME__UPDATE_URL": path.as_uri()}
    done = run_astro_runtime(tmp_path, "check", **environ)
    assert (done.returncode, done.stdout) == (3, f"release {RELEASE} is yanked: Tasks get lost\n")
    rows = json.loads(run_astro_runtime(tmp_path, "versions", "--json", **environ).stdout)
    assert {row["release"]: row["lifecycle"]["stage"] for row in rows}[RELEASE] == "yanked"


def test_patch_without_lts_flag_inherits_it_from_its_series(tmp_path: Path) -> None:
    path = tmp_path / "updates.json"
    path.write_text(document_text({"13.0.1": release_row("2.11.3", "2026-11-25")}, {}))
    environ = {"AIRFLOW__ASTRO_RUNTIME__UPDATE_URL": path.as_uri()}
    lines = run_astro_runtime(tmp_path, "lifecycle", "13.0.1", "--today", "2026-12-01", **environ).stdout
    assert "stable, LTS" in lines
    assert "2028-05-31 (by the policy" in lines
    rows = run_astro_runtime(tmp_path, "versions", "--today", "2026-12-01", **environ).stdout.splitlines()
    (patch,) = (row for row in rows if row.startswith("13.0.1 "))
    assert patch.split() == "13.0.1 2.11.3 stable, LTS 2028-05-31 maintained".split()


@pytest.mark.parametrize(
    ("url", "why"),
    {
        "file:///no/such/file": "the update document file:///no/such/file cannot be read",
        "ftp://example.com/": "[astro_runtime] update_url must be http://HOST/PATH",
    }.items(),
)
def test_unavailable_document_leaves_the_catalogue_and_a_message_on_stderr(
    tmp_path: Path, url: str, why: str
) -> None:
    done = run_astro_runtime(tmp_path, "check", AIRFLOW__ASTRO_RUNTIME__UPDATE_URL=url)
    assert (done.returncode, done.stdout) == (0, f"release {RELEASE} is maintained until {UNTIL}\n")
    assert done.stderr.startswith(f"astro-runtime: {why}")
    assert done.stderr.count("\n") == 1
