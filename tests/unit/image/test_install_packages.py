"""packages.txt, installed by the real apt-get and dpkg into a separate root, from an archive in a folder."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT

APT_CONF = """
Dir "{root}";
Dir::State::status "{root}/var/lib/dpkg/status";
Dir::Bin::methods "/usr/lib/apt/methods";
Dir::Bin::dpkg "/usr/bin/dpkg";
DPkg::Path "/usr/sbin:/usr/bin:/sbin:/bin";
DPkg::Options {{ "--root={root}"; "--force-not-root"; "--log={root}/dpkg.log"; }};
APT::Sandbox::User "root";
APT::Architecture "all";
"""
FOLDERS = (
    "etc/apt/apt.conf.d etc/apt/preferences.d var/lib/apt/lists var/lib/dpkg/info var/lib/dpkg/updates"
    " var/cache/apt/archives/partial var/log/apt archive project"
).split()
# name, version, and the other fields of a package
ARCHIVE = [
    ("alpha", "1.0", "Provides: only-alpha, either"),
    ("beta", "1:2.0-3", "Depends: alpha\nProvides: either"),
    ("g++", "1.0", "Recommends: alpha"),
    ("foe", "1.0", "Conflicts: alpha"),
    ("lost", "1.0", "Depends: gone"),
    ("locate", "1.0", "Provides: x"),
]


VENDOR = "; for a package from its vendor's repository, build on the -base tag, which takes any instruction"


class Machine:
    """A root folder for apt and dpkg, with a sources.list that names an archive in it."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for folder in FOLDERS:
            (root / folder).mkdir(parents=True)
        (root / "var/lib/dpkg/status").touch()
        (root / "apt.conf").write_text(APT_CONF.format(root=root))
        self.source = root / "etc/apt/sources.list"
        self.source.write_text(f"deb [trusted=yes] file:{root}/archive ./\n")
        (root / "archive/Packages").write_text("".join(self.package(*row) for row in ARCHIVE))

    def package(self, name: str, version: str, rest: str) -> str:
        """Build a package of the archive and return its entry in the archive's index."""
        control = (
            f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: m <m@example.org>\n{rest}\n"
        )
        (self.root / "build" / name / "DEBIAN").mkdir(parents=True)
        (self.root / "build" / name / "DEBIAN/control").write_text(control + "Description: x\n")
        built = self.root / f"archive/{name}.deb"
        subprocess.run(["dpkg-deb", "-b", self.root / "build" / name, built], check=True, capture_output=True)
        digest = hashlib.sha256(built.read_bytes()).hexdigest()
        return f"{control}Filename: ./{built.name}\nSize: {built.stat().st_size}\nSHA256: {digest}\n\n"

    def assert_install_has_no_traceback(self, text: str | bytes | None) -> subprocess.CompletedProcess[str]:
        path = self.root / "project/packages.txt"
        if text is not None:
            path.write_bytes(text if isinstance(text, bytes) else text.encode())
        done = subprocess.run(
            [sys.executable, "-m", "image.install_packages", "packages.txt"],
            env={
                "PATH": os.environ["PATH"],
                "APT_CONFIG": str(self.root / "apt.conf"),
                "PYTHONPATH": str(CHECKOUT),
            },
            cwd=path.parent,
            capture_output=True,
            text=True,
        )
        assert "Traceback" not in done.stderr
        return done

    def installed(self) -> list[str]:
        status = (self.root / "var/lib/dpkg/status").read_text().splitlines()
        return [line.removeprefix("Package: ") for line in status if line.startswith("Package: ")]

    def files_in(self, folder: str) -> list[str]:
        """Return the files below a folder of apt, except locks."""
        return [
            str(path) for path in (self.root / folder).rglob("*") if path.is_file() and path.name != "lock"
        ]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.mark.parametrize("text", [None, "", "\n \r\n", "# alpha\n\t# beta", "\ufeff"])
def test_empty_list_does_not_run_apt(machine: Machine, text: str | None) -> None:
    done = machine.assert_install_has_no_traceback(text)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert machine.files_in("var") == [str(machine.root / "var/lib/dpkg/status")]


@pytest.mark.parametrize(
    ("text", "installed"),
    [
        ("alpha", ["alpha"]),
        ("\ufeffalpha\r\ng++ # a compiler\r\n", ["alpha", "g++"]),
        ("alpha\n".encode("utf-16"), ["alpha"]),
        ("g++\n", ["g++"]),  # without what it recommends
        ("alpha   g++ alpha#x", ["alpha", "g++"]),
        ("beta=1:2.0-3", ["alpha", "beta"]),
        ("beta=1:2.*", ["alpha", "beta"]),
        ("only-alpha", ["alpha"]),  # a virtual package that one package provides
    ],
)
def test_listed_packages_are_installed_and_downloads_removed(
    machine: Machine, text: str | bytes, installed: list[str]
) -> None:
    done = machine.assert_install_has_no_traceback(text)
    assert (done.returncode, machine.installed()) == (0, installed), done.stderr
    assert machine.files_in("var/lib/apt/lists") == machine.files_in("var/cache/apt") == []


@pytest.mark.parametrize(
    "word",
    "-y --allow-unauthenticated alpha- Alpha a alpha^ ./alpha.deb alp.* ?name(alpha) ~nalpha alpha= alpha=1=2 "
    "alpha/ beta;reboot $(reboot) älpha alpha=*- alpha=1.0- alpha/stable- alpha:all- alpha=1.0_- --no-remove".split(),
)
def test_word_that_is_not_a_package_is_refused_before_apt_runs(machine: Machine, word: str) -> None:
    done = machine.assert_install_has_no_traceback(f"alpha\n\nbeta {word}\n")
    assert (done.returncode, done.stdout) == (1, "")
    (error,) = done.stderr.splitlines()
    assert error.startswith(f"packages.txt:3: {word!r} is not a package: it must be ")
    assert machine.files_in("var/lib/apt") == []


@pytest.mark.parametrize(
    ("text", "errors"),
    [
        ("locate\nnosuch", [f"packages.txt:2: nosuch: Unable to locate package nosuch{VENDOR}"]),
        (
            "al.ha",
            [f"packages.txt:1: al.ha: Unable to locate package al.ha{VENDOR}"],
        ),  # not a regular expression
        (
            "no1 alpha\n\r\nno2\r\nbeta=9\ng++/nosuch",
            [
                f"packages.txt:1: no1: Unable to locate package no1{VENDOR}",
                f"packages.txt:3: no2: Unable to locate package no2{VENDOR}",
                "packages.txt:4: beta=9: Version '9' for 'beta' was not found",
                "packages.txt:5: g++/nosuch: Release 'nosuch' for 'g++' was not found",
            ],
        ),
        ("either", [f"packages.txt:1: either: Package 'either' has no installation candidate{VENDOR}"]),
        (
            "beta\n# why\ng++ foe alpha",
            [
                "packages.txt:3: foe cannot be installed with the other packages of the list;"
                " see apt-get's explanation above"
            ],
        ),
    ],
)
def test_every_line_that_cannot_be_installed_is_reported(
    machine: Machine, text: str, errors: list[str]
) -> None:
    done = machine.assert_install_has_no_traceback(text)
    assert (done.returncode, machine.installed()) == (1, [])
    assert done.stderr.splitlines()[-len(errors) :] == errors
    assert sum(line.startswith("packages.txt:") for line in done.stderr.splitlines()) == len(errors)


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("either", "beta 1:2.0-3"),
        ("alpha\nfoe", "foe : Conflicts: alpha"),
        ("lost", "lost : Depends: gone"),
    ],
)
def test_apts_explanation_precedes_the_error(machine: Machine, text: str, explanation: str) -> None:
    done = machine.assert_install_has_no_traceback(text)
    assert done.returncode == 1
    assert explanation in done.stderr
    assert done.stderr.splitlines()[-1].startswith("packages.txt:")


def test_unreachable_archive_is_reported_and_not_blamed_on_the_list(machine: Machine) -> None:
    machine.source.write_text(f"deb [trusted=yes] file:{machine.root}/nosuch ./\n")
    done = machine.assert_install_has_no_traceback("alpha")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "apt-get update failed; see its output above"
    assert "packages.txt" not in done.stderr


def test_package_that_fails_to_install_is_reported(machine: Machine) -> None:
    (machine.root / "archive/alpha.deb").write_bytes(b"x")
    done = machine.assert_install_has_no_traceback("alpha")
    assert (done.returncode, machine.installed()) == (1, [])
    assert done.stderr.splitlines()[-1] == "apt-get install failed; see its output above"


@pytest.mark.parametrize("text", ["foe", "g++\nfoe", "g++ foe"])
def test_package_that_would_remove_another_is_refused(machine: Machine, text: str) -> None:
    assert machine.assert_install_has_no_traceback("alpha").returncode == 0
    done = machine.assert_install_has_no_traceback(text)
    assert (done.returncode, machine.installed()) == (1, ["alpha"])
    line = len(text.split("\n"))
    assert done.stderr.splitlines()[-1] == (
        f"packages.txt:{line}: foe: it would remove packages of the image; see apt-get's explanation above"
    )
