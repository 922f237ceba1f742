"""astro-runtime versions, lifecycle and check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest

from astro_runtime_plugin.cli.stage import COLOURS
from astro_runtime_plugin.releases.catalogue import releases
from testing.cli_process import Copy, astro_runtime
from testing.entrypoint_process import environment
from testing.installed_line import AIRFLOW, LINE, RELEASE
from testing.update_documents import row, text

# The release that runs: until when it is maintained, and has basic support, by the policy.
UNTIL, BASIC = {"3.3": ("2028-11-30", "2029-05-31"), "2.11": ("2028-05-31", None)}[LINE]
ENDED = {"3.3": "2029-06-01", "2.11": "2028-06-01"}[LINE]
NEEDED = "click rich pydantic pydantic_core annotated_types typing_extensions.py typing_inspection markdown_it".split()


@pytest.fixture
def copy(tmp_path: Path) -> Copy:
    return Copy(tmp_path)


def test_versions_draws_a_row_for_each_release(tmp_path: Path) -> None:
    done = astro_runtime(tmp_path, "versions", "--today", "2026-12-01")
    head, *rows = done.stdout.splitlines()
    assert head.split("  ")[0] == "release"
    assert [row.split()[0] for row in rows] == [release.release for release in releases()]
    told = {row.split()[0]: row for row in rows}
    assert told["8.0.0"].split() == ["8.0.0", "2.6", "3.10", "stable", "2023-10-31", "unmaintained"]
    assert told["13.0.0"].split() == "13.0.0 2.11.2 3.11, 3.12 stable, LTS 2028-05-31 maintained".split()
    assert told["3.3-1"].split() == "3.3-1 3.3.2 3.11, 3.12, 3.13 stable 2028-11-30 maintained".split()
    assert told["10.0.0"].split() == ["10.0.0", "2.8", "stable", "unknown"]
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
def test_the_stage_is_coloured_on_a_terminal(tmp_path: Path, day: str, colours: dict[str, str]) -> None:
    terminal = {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "200"}
    rows = astro_runtime(tmp_path, "versions", "--today", day, **terminal).stdout.splitlines()
    told = {row.split()[0]: row for row in rows}
    for release, stage in colours.items():
        assert stage in told[release]


def test_a_yanked_release_is_red_and_says_why(copy: Copy) -> None:
    copy.change("13.0.0", yanked=True, yanked_reason="[bold]500s[/bold]\nin the web server")
    assert COLOURS["yanked"] == "bold red"
    lines = copy.run("lifecycle", "13.0.0").stdout.splitlines()
    told = dict(line.strip().split("  ", 1) for line in lines)
    assert told["stage"].strip() == "yanked"
    assert told["why yanked"].strip() == "[bold]500s[/bold] in the web server"


def test_versions_tells_every_fact_as_json(tmp_path: Path) -> None:
    rows = json.loads(astro_runtime(tmp_path, "versions", "--json", "--today", "2028-05-30").stdout)
    told = {row["release"]: row for row in rows}
    assert list(told) == [release.release for release in releases()]
    for release in releases():
        facts = {**told[release.release]}
        facts.pop("lifecycle")
        assert facts == release.model_dump(mode="json")
    assert told["13.0.0"]["lifecycle"] == {
        "lts": True,
        "stage": "maintained",
        "maintained_until": "2028-05-31",
        "basic_support_until": None,
        "published": False,
        "superseded_by": None,
        "days_left": 1,
    }


def test_lifecycle_says_what_runs_where_no_release_is_named(tmp_path: Path) -> None:
    by_itself = astro_runtime(tmp_path, "lifecycle", "--json", "--today", "2027-01-01")
    named = astro_runtime(tmp_path, "lifecycle", RELEASE, "--json", "--today", "2027-01-01")
    assert by_itself.stdout == named.stdout
    told = json.loads(named.stdout)
    assert (told["release"], told["airflow"]) == (RELEASE, AIRFLOW)
    assert (told["lifecycle"]["maintained_until"], told["lifecycle"]["basic_support_until"]) == (UNTIL, BASIC)


def test_lifecycle_says_whether_a_date_is_published_and_how_far_it_is(tmp_path: Path) -> None:
    done = astro_runtime(tmp_path, "lifecycle", "9.0.0", "--today", "2025-01-30")
    told = {line[:16].strip(): line[16:].strip() for line in done.stdout.splitlines()}
    assert told["release"] == "9.0.0 (Airflow 2.7)"
    assert told["maintained until"] == "2025-01-31 (published; 1 day left)"
    ended = astro_runtime(tmp_path, "lifecycle", "13.0.0", "--today", "2028-06-02").stdout
    assert "2028-05-31 (by the policy; 2 days ago)" in ended


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("lifecycle", "3.3"), "'3.3' is no release of the Runtime; it must be three numbers such as 13.0.0"),
        (("lifecycle", ""), "'' is no release of the Runtime"),
        (("lifecycle", "3.3-1-slim", "--json"), "'3.3-1-slim' is no release of the Runtime"),
        (("lifecycle", "99.0.0"), "release 99.0.0 is not known here; `astro-runtime versions` lists those"),
    ],
)
def test_a_release_that_cannot_be_is_one_message_and_exit_code_2(
    tmp_path: Path, words: tuple[str, ...], told: str
) -> None:
    done = astro_runtime(tmp_path, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"astro-runtime: {told}")
    assert done.stderr.count("\n") == 1


def test_today_is_utcs_whatever_the_time_zone(tmp_path: Path) -> None:
    today = datetime.now(timezone.utc).date().isoformat()
    told = astro_runtime(tmp_path, "lifecycle", "--json", "--today", today).stdout
    for zone in ("AHEAD-14", "BEHIND12"):  # at every hour, one of them has another day
        assert astro_runtime(tmp_path, "lifecycle", "--json", TZ=zone).stdout == told


@pytest.mark.parametrize("command", ["versions", "lifecycle", "check"])
def test_a_day_that_cannot_be_is_a_usage_error(tmp_path: Path, command: str) -> None:
    done = astro_runtime(tmp_path, command, "--today", "2026-02-30")
    assert done.returncode == 2
    assert "'2026-02-30' does not match the format '%Y-%m-%d'" in done.stderr


@pytest.mark.parametrize(
    ("day", "code", "told"),
    [
        ("2026-11-23", 0, "comes out on 2026-11-24"),
        ("2026-11-24", 0, f"is maintained until {UNTIL}"),
        (UNTIL, 0, f"is maintained until {UNTIL}"),
        *(
            [(BASIC, 0, f"was maintained until {UNTIL}, and has basic support until {BASIC}")]
            if BASIC
            else []
        ),
        (ENDED, 3, f"is not maintained: that ended on {UNTIL}"),
    ],
)
def test_check_ends_with_3_where_the_release_that_runs_is_unmaintained(
    tmp_path: Path, day: str, code: int, told: str
) -> None:
    done = astro_runtime(tmp_path, "check", "--today", day)
    assert (done.returncode, done.stdout, done.stderr) == (code, f"release {RELEASE} {told}\n", "")


@pytest.mark.parametrize(
    ("facts", "code", "told"),
    [
        ({"yanked": True, "yanked_reason": "it loses\ntasks"}, 3, "is yanked: it loses tasks"),
        ({"yanked": True}, 3, "is yanked: no reason is given"),
        ({"end_of_maintenance": "2026-12-31"}, 0, "is maintained until 2026-12-31"),
    ],
)
def test_check_says_what_the_catalogue_holds(
    copy: Copy, facts: dict[str, object], code: int, told: str
) -> None:
    copy.change(RELEASE, **facts)
    done = copy.run("check", "--today", "2026-12-30")
    assert (done.returncode, done.stdout, done.stderr) == (code, f"release {RELEASE} {told}\n", "")


def test_check_does_not_guess_where_no_date_is_known(copy: Copy) -> None:
    copy.change(RELEASE, release_date=None)
    done = copy.run("check")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"astro-runtime: nobody says until when release {RELEASE} is maintained\n"


@pytest.mark.parametrize("words", [("versions",), ("lifecycle", "9.0.0"), ("check",), ("version",)], ids=str)
def test_a_catalogue_that_cannot_be_used_exits_78_with_one_message(copy: Copy, words: Sequence[str]) -> None:
    copy.change("9.0.0", release_date="2023-08-32")
    done = copy.run(*words)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("astro-runtime: catalogue.json: release 9.0.0: release_date: ")
    assert "(it holds '2023-08-32')" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_catalogue_that_is_no_json_exits_78(copy: Copy) -> None:
    copy.catalogue.write_text("{")
    done = copy.run("versions")
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith("astro-runtime: catalogue.json: Invalid JSON: ")


@pytest.mark.parametrize("words", [("check",), ("version",), ("lifecycle",)], ids=str)
def test_an_airflow_that_no_release_is_cut_from_exits_78(copy: Copy, words: Sequence[str]) -> None:
    (copy.path / "apache_airflow-2.10.5.dist-info").mkdir()
    done = copy.run(*words)
    assert (done.returncode, done.stdout) == (78, "")
    assert done.stderr.startswith(
        "astro-runtime: Airflow 2.10.5 is installed, and no release of the Runtime is cut"
    )


def test_without_airflow_there_is_a_list_and_nothing_that_runs(copy: Copy) -> None:
    for name in NEEDED:
        os.symlink(Path(sysconfig.get_path("purelib")) / name, copy.path / name)
    bare = ("-S",)  # without site-packages
    assert len(copy.run("versions", python=bare).stdout.splitlines()) == len(releases()) + 1
    done = copy.run("check", python=bare)
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        done.stderr == "astro-runtime: Airflow is not installed here; the Runtime is a distribution of it\n"
    )


@pytest.mark.parametrize(
    ("words", "spared"),
    [
        (["versions"], {"airflow"}),
        (["lifecycle"], {"airflow"}),
        (["lifecycle", "--json"], {"airflow", "rich"}),
        (["check"], {"airflow", "rich"}),
        (["--help"], {"airflow", "rich", "pydantic"}),
    ],
    ids=str,
)
def test_a_command_imports_only_what_it_needs(tmp_path: Path, words: list[str], spared: set[str]) -> None:
    program = (
        "import sys; from astro_runtime_plugin.cli import main\n"
        f"main({words!r}, standalone_mode=False)\n"
        "print(*{name.partition('.')[0] for name in sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment(tmp_path), capture_output=True, text=True, check=True
    )
    assert "click" in done.stderr.split()
    assert spared.isdisjoint(done.stderr.split())


def test_the_update_document_says_what_became_of_the_release(tmp_path: Path) -> None:
    path = tmp_path / "updates.json"
    yanked = row(str(AIRFLOW), "2026-11-24", yanked=True, yankedReason="Tasks get lost")
    path.write_text(text(*({RELEASE: yanked} if line == LINE else {} for line in ("2.11", "3.3"))))
    told = {"AIRFLOW__ASTRO_RUNTIME__UPDATE_URL": path.as_uri()}
    done = astro_runtime(tmp_path, "check", **told)
    assert (done.returncode, done.stdout) == (3, f"release {RELEASE} is yanked: Tasks get lost\n")
    rows = json.loads(astro_runtime(tmp_path, "versions", "--json", **told).stdout)
    assert {one["release"]: one["lifecycle"]["stage"] for one in rows}[RELEASE] == "yanked"


def test_a_patch_that_does_not_say_is_shown_as_lts_where_its_series_is(tmp_path: Path) -> None:
    path = tmp_path / "updates.json"
    path.write_text(text({"13.0.1": row("2.11.3", "2026-11-25")}, {}))
    told = {"AIRFLOW__ASTRO_RUNTIME__UPDATE_URL": path.as_uri()}
    lines = astro_runtime(tmp_path, "lifecycle", "13.0.1", "--today", "2026-12-01", **told).stdout
    assert "stable, LTS" in lines
    assert "2028-05-31 (by the policy" in lines
    rows = astro_runtime(tmp_path, "versions", "--today", "2026-12-01", **told).stdout.splitlines()
    (shown,) = (row for row in rows if row.startswith("13.0.1 "))
    assert shown.split() == "13.0.1 2.11.3 stable, LTS 2028-05-31 maintained".split()


@pytest.mark.parametrize(
    ("url", "why"),
    {
        "file:///no/such/file": "the update document file:///no/such/file cannot be read",
        "ftp://example.com/": "[astro_runtime] update_url must be http://HOST/PATH",
    }.items(),
)
def test_without_the_document_the_catalogue_counts_and_stderr_says_so(
    tmp_path: Path, url: str, why: str
) -> None:
    done = astro_runtime(tmp_path, "check", AIRFLOW__ASTRO_RUNTIME__UPDATE_URL=url)
    assert (done.returncode, done.stdout) == (0, f"release {RELEASE} is maintained until {UNTIL}\n")
    assert done.stderr.startswith(f"astro-runtime: {why}")
    assert done.stderr.count("\n") == 1
