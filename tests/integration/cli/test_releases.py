"""astro-runtime versions, lifecycle and check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from datetime import datetime, timezone
from pathlib import Path

import pytest

from astro_runtime_plugin.cli.stage import COLOURS
from astro_runtime_plugin.releases.catalogue import releases
from testing.cli_process import PackageCopy, run_astro_runtime
from testing.entrypoint_process import environment
from testing.installed_line import AIRFLOW, LINE, RELEASE
from testing.releases import BASIC, UNTIL

ENDED = {"3.3": "2029-06-01", "2.11": "2028-06-01"}[LINE]
DEPENDENCIES = (
    *("click", "rich", "pydantic", "pydantic_core", "annotated_types", "typing_extensions.py"),
    *("typing_inspection", "markdown_it"),
)


def test_versions_prints_a_row_for_each_release(tmp_path: Path) -> None:
    done = run_astro_runtime(tmp_path, "versions", "--today", "2026-12-01")
    header, *rows = done.stdout.splitlines()
    assert header.split("  ")[0] == "release"
    assert [row.split()[0] for row in rows] == [release.release for release in releases()]
    by_name = {row.split()[0]: row for row in rows}
    assert by_name["8.0.0"].split() == ["8.0.0", "2.6", "3.10", "stable", "2023-10-31", "unmaintained"]
    assert by_name["13.0.0"].split() == "13.0.0 2.11.2 3.11, 3.12 stable, LTS 2028-05-31 maintained".split()
    assert by_name["3.3-1"].split() == "3.3-1 3.3.2 3.11, 3.12, 3.13 stable 2028-11-30 maintained".split()
    assert by_name["10.0.0"].split() == ["10.0.0", "2.8", "stable", "unknown"]
    assert "\x1b" not in done.stdout


@pytest.mark.parametrize(
    ("day", "colours"),
    [
        (
            "2026-12-01",
            {"3.3-1": "\x1b[32mmaintained", "13.0.0": "\x1b[32mmaintained", "4.0.0": "\x1b[31munmaintained"},
        ),
        ("2028-12-01", {"3.3-1": "\x1b[33mbasic support", "13.0.0": "\x1b[31munmaintained"}),
        (
            "2023-09-01",
            {"3.3-1": "\x1b[36mfuture", "4.1.0": "\x1b[33msuperseded", "10.0.0": "\x1b[2munknown"},
        ),
    ],
)
def test_stage_is_coloured_on_a_terminal(tmp_path: Path, day: str, colours: dict[str, str]) -> None:
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "200"}
    rows = run_astro_runtime(tmp_path, "versions", "--today", day, **terminal).stdout.splitlines()
    by_name = {row.split()[0]: row for row in rows}
    for release, stage in colours.items():
        assert stage in by_name[release]


def test_yanked_release_is_red_and_has_a_reason(package_copy: PackageCopy) -> None:
    package_copy.change_release("13.0.0", yanked=True, yanked_reason="[bold]500s[/bold]\nin the web server")
    assert COLOURS["yanked"] == "bold red"
    lines = package_copy.run("lifecycle", "13.0.0").stdout.splitlines()
    rows = dict(line.strip().split("  ", 1) for line in lines)
    assert rows["stage"].strip() == "yanked"
    assert rows["why yanked"].strip() == "[bold]500s[/bold] in the web server"


def test_versions_json_has_every_fact(tmp_path: Path) -> None:
    rows = json.loads(run_astro_runtime(tmp_path, "versions", "--json", "--today", "2028-05-30").stdout)
    by_name = {row["release"]: row for row in rows}
    assert list(by_name) == [release.release for release in releases()]
    for release in releases():
        facts = {name: fact for name, fact in by_name[release.release].items() if name != "lifecycle"}
        assert facts == release.model_dump(mode="json")
    assert by_name["13.0.0"]["lifecycle"] == {
        "lts": True,
        "stage": "maintained",
        "maintained_until": "2028-05-31",
        "basic_support_until": None,
        "published": False,
        "superseded_by": None,
        "days_left": 1,
    }


def test_lifecycle_defaults_to_the_running_release(tmp_path: Path) -> None:
    default = run_astro_runtime(tmp_path, "lifecycle", "--json", "--today", "2027-01-01")
    explicit = run_astro_runtime(tmp_path, "lifecycle", RELEASE, "--json", "--today", "2027-01-01")
    assert default.stdout == explicit.stdout
    facts = json.loads(explicit.stdout)
    assert (facts["release"], facts["airflow"]) == (RELEASE, AIRFLOW)
    lifecycle = facts["lifecycle"]
    assert (lifecycle["maintained_until"], lifecycle["basic_support_until"]) == (UNTIL, BASIC)


def test_lifecycle_shows_the_source_of_the_date_and_the_days_left(tmp_path: Path) -> None:
    done = run_astro_runtime(tmp_path, "lifecycle", "9.0.0", "--today", "2025-01-30")
    rows = {line[:16].strip(): line[16:].strip() for line in done.stdout.splitlines()}
    assert rows["release"] == "9.0.0 (Airflow 2.7)"
    assert rows["maintained until"] == "2025-01-31 (published; 1 day left)"
    ended = run_astro_runtime(tmp_path, "lifecycle", "13.0.0", "--today", "2028-06-02").stdout
    assert "2028-05-31 (by the policy; 2 days ago)" in ended


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("lifecycle", "3.3"), "'3.3' is not a Runtime release; it must be three numbers such as 13.0.0"),
        (("lifecycle", ""), "'' is not a Runtime release"),
        (("lifecycle", "3.3-1-slim", "--json"), "'3.3-1-slim' is not a Runtime release"),
        (
            ("lifecycle", "99.0.0"),
            "release 99.0.0 is unknown; `astro-runtime versions` lists the known releases",
        ),
    ],
)
def test_invalid_or_unknown_release_exits_2_with_a_single_message(
    tmp_path: Path, words: tuple[str, ...], message: str
) -> None:
    done = run_astro_runtime(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"astro-runtime: {message}")
    assert done.stderr.count("\n") == 1


def test_today_is_in_utc_in_every_time_zone(tmp_path: Path) -> None:
    for zone in ("AHEAD-14", "BEHIND12"):  # at any hour, one of them has another date
        before = utc_date()
        printed = run_astro_runtime(tmp_path, "lifecycle", "--json", TZ=zone).stdout
        days = {before, utc_date()}  # two if midnight has passed
        utc = [run_astro_runtime(tmp_path, "lifecycle", "--json", "--today", day).stdout for day in days]
        assert printed in utc


def utc_date() -> str:
    return datetime.now(timezone.utc).date().isoformat()


@pytest.mark.parametrize("command", ["versions", "lifecycle", "check"])
def test_invalid_date_is_a_usage_error(tmp_path: Path, command: str) -> None:
    done = run_astro_runtime(tmp_path, command, "--today", "2026-02-30")
    assert done.returncode == 2
    assert "'2026-02-30' does not match the format '%Y-%m-%d'" in done.stderr


@pytest.mark.parametrize(
    ("day", "code", "sentence"),
    [
        ("2026-11-23", 0, "comes out on 2026-11-24"),
        ("2026-11-24", 0, f"is maintained until {UNTIL}"),
        (UNTIL, 0, f"is maintained until {UNTIL}"),
        *(
            [(BASIC, 0, f"was maintained until {UNTIL}, and has basic support until {BASIC}")]
            if BASIC
            else []
        ),
        (ENDED, 3, f"is not maintained; maintenance ended on {UNTIL}"),
    ],
)
def test_check_exits_3_if_the_running_release_is_unmaintained(
    tmp_path: Path, day: str, code: int, sentence: str
) -> None:
    done = run_astro_runtime(tmp_path, "check", "--today", day)
    assert (done.returncode, done.stdout, done.stderr) == (code, f"release {RELEASE} {sentence}\n", "")


@pytest.mark.parametrize(
    ("facts", "code", "sentence"),
    [
        ({"yanked": True, "yanked_reason": "it loses\ntasks"}, 3, "is yanked: it loses tasks"),
        ({"yanked": True}, 3, "is yanked: no reason is given"),
        ({"end_of_maintenance": "2026-12-31"}, 0, "is maintained until 2026-12-31"),
    ],
)
def test_check_reports_the_catalogues_facts(
    package_copy: PackageCopy, facts: dict[str, object], code: int, sentence: str
) -> None:
    package_copy.change_release(RELEASE, **facts)
    done = package_copy.run("check", "--today", "2026-12-30")
    assert (done.returncode, done.stdout, done.stderr) == (code, f"release {RELEASE} {sentence}\n", "")


def test_check_without_any_date_exits_1(package_copy: PackageCopy) -> None:
    package_copy.change_release(RELEASE, release_date=None)
    done = package_copy.run("check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"astro-runtime: the end of maintenance of release {RELEASE} is unknown\n"


def test_versions_works_without_airflow_and_check_exits_1(package_copy: PackageCopy) -> None:
    for name in DEPENDENCIES:
        os.symlink(Path(sysconfig.get_path("purelib")) / name, package_copy.path / name)
    bare = ("-S",)  # without site-packages
    assert (
        len(package_copy.run("versions", interpreter_options=bare).stdout.splitlines()) == len(releases()) + 1
    )
    done = package_copy.run("check", interpreter_options=bare)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "astro-runtime: Airflow is not installed; the Runtime is a distribution of it\n"


@pytest.mark.parametrize(
    ("words", "unneeded"),
    [
        (["versions"], {"airflow"}),
        (["lifecycle"], {"airflow"}),
        (["lifecycle", "--json"], {"airflow", "rich"}),
        (["check"], {"airflow", "rich"}),
        (["--help"], {"airflow", "rich", "pydantic"}),
    ],
    ids=lambda words: " ".join(sorted(words)),  # a set has no order, and each worker must have the same ids
)
def test_command_imports_only_what_it_needs(tmp_path: Path, words: list[str], unneeded: set[str]) -> None:
    program = (
        "import sys; from astro_runtime_plugin.cli import main\n"
        f"main({words!r}, standalone_mode=False)\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert "click" in done.stderr.split()
    assert unneeded.isdisjoint(done.stderr.split())
