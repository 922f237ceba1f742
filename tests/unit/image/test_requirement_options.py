"""Option lines and options of packages in requirements.txt: each is honoured, or refused with its line."""

from __future__ import annotations

import pytest

from tests.unit.image.image_environment import ImageEnvironment


@pytest.mark.parametrize(
    "text",
    [
        "--pre\nbeta-only",
        "beta-only\n--pre",
        "-r more/pre.txt\nbeta-only",
        "beta-only>=2.0b1",
        "--trusted-host 127.0.0.1 --pre\nbeta-only",
    ],
)
def test_prereleases_are_installed_if_the_list_asks_for_them(fresh: ImageEnvironment, text: str) -> None:
    fresh.write("more/pre.txt", "--pre\n")
    done = fresh.assert_install_is_tidy(text)
    assert (done.returncode, fresh.changes()) == (0, {"beta-only": "2.0b1"}), done.stderr


def test_prereleases_are_not_installed_otherwise(fresh: ImageEnvironment) -> None:
    done = fresh.assert_install_is_tidy("beta-only")
    assert (done.returncode, fresh.changes()) == (0, {"beta-only": "1.0"}), done.stderr


def test_build_settings_reach_the_build_of_their_package(fresh: ImageEnvironment) -> None:
    done = fresh.assert_install_is_tidy(
        'settings-shown --config-settings="colour=blue sky" -C size=2\nleaf\n'
    )
    assert (done.returncode, fresh.changes()) == (0, {"settings-shown": "1.0", "leaf": "1.0"}), done.stderr
    (module,) = fresh.folder.glob("environment/lib/*/site-packages/settings_shown.py")
    assert module.read_text() == "settings = {'colour': 'blue sky', 'size': '2'}\n"


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("- leaf", "only options may follow a hyphen"),
        ("-", "only options may follow a hyphen"),
        ("--", "only options may follow a hyphen"),
        ("-- leaf", "only options may follow a hyphen"),
        ("--pre leaf", "only options may follow a hyphen"),
        ("--no-index - leaf", "only options may follow a hyphen"),
        ("--pre=yes", "--pre option does not take a value"),
        ("--no", "ambiguous option: --no "),
        ("-x", "no such option: -x"),
        ("--nosuch=https://user:hush@127.0.0.1/", "no such option: --nosuch"),
        ("--index-url", "--index-url option requires 1 argument"),
        ("-r 'more", "a quotation mark is missing"),
        ("--prefer-binary", "--prefer-binary cannot be honoured"),
        ("--use-feature fast-deps", "--use-feature cannot be honoured"),
        ("--all-releases leaf", "--all-releases cannot be honoured"),
        ("--only-final=leaf", "--only-final cannot be honoured"),
        ("leaf --global-option=x", "--global-option cannot be honoured"),
        ("leaf --install-option=x", "--install-option cannot be honoured"),
        ("leaf --pre", "--pre must be on a line of its own"),
        ("leaf==1.0 -i https://user:hush@127.0.0.1/", "--index-url must be on a line of its own"),
        ("leaf --no-binary leaf", "--no-binary must be on a line of its own"),
        ("leaf --no-binar=leaf", "--no-binary must be on a line of its own"),
        ("--hash=sha256:00", "--hash must follow a package"),
        ("--config-settings a=b", "--config-settings must follow a package"),
    ],
)
def test_option_that_means_nothing_is_refused_with_its_line(
    environment: ImageEnvironment, line: str, problem: str
) -> None:
    done = environment.assert_install_is_tidy(f"leaf\n\n{line}\n", {"PATH": ""})
    assert done.returncode == 1
    (error,) = done.stderr.splitlines()
    assert error.startswith(f"requirements.txt:3: {problem}")
    assert "hush" not in error


@pytest.mark.parametrize(
    "text",
    [
        "--find {wheels}/more --pre\nelsewhere",
        "-f{wheels}/more --no-ind\nelsewhere",
        "--find-links='{wheels}/more'\nelsewhere",
        "-f {wheels}/nothing -f {wheels}/more\nelsewhere",
        "-f {wheels}/more\n--only-binary elsewhere,leaf\nelsewhere",
        "-f ${{FOLDER}}/more\n${{PACKAGE}}==${{VERSION}}",
        "elsewhere @ file://{wheels}/more/elsewhere-1.0-py3-none-any.whl",
    ],
)
def test_options_are_read_as_pip_reads_them(fresh: ImageEnvironment, text: str) -> None:
    (fresh.wheels / "nothing").mkdir(exist_ok=True)
    variables = {"FOLDER": str(fresh.wheels), "PACKAGE": "elsewhere", "VERSION": "1.0"}
    done = fresh.assert_install_is_tidy(text.format(wheels=fresh.wheels), variables)
    assert (done.returncode, fresh.changes()) == (0, {"elsewhere": "1.0"}), done.stderr
