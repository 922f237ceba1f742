"""pip's settings, from pip.conf and variables: each reaches uv, is refused, or does not change what is installed."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from pip._internal.commands import create_command

from image import pip_options
from image.dependency_files import DependencyFileError
from image.pip_settings import check_settings, read_settings, requires_hashes, uv_environ, uv_options
from testing.entrypoint_process import CHECKOUT
from tests.unit.image.image_environment import ImageEnvironment
from tests.unit.image.wheels import hash_option


def settings_of(folder: Path, text: str, **variables: str) -> dict[str, str]:
    """Return the settings of a pip.conf with this text and of variables."""
    (folder / "pip.conf").write_text(text)
    environ = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_CONFIG_DIRS": str(folder / "none"),  # this machine's own settings do not count
        "PIP_CONFIG_FILE": str(folder / "pip.conf"),
    }
    return read_settings({**environ, **variables})


@pytest.mark.parametrize(
    ("text", "explanation"),
    [
        ("index-url = https://user:hush@127.0.0.1:9/s\n", "no section headers"),
        ("password-of-the-proxy hush\n", "no section headers"),
        ("[global]\nindex-url https://user:hush@127.0.0.1:9/s\nhush\n", "line  3"),
        ("[global]\npre = 1\n[global]\nhush\n", "already exists"),
    ],
)
def test_broken_pip_conf_fails_the_installation(
    environment: ImageEnvironment, text: str, explanation: str
) -> None:
    file = environment.folder / "pip.conf"
    file.write_text(text)
    done = environment.assert_install_is_tidy("leaf", {"PIP_CONFIG_FILE": str(file)})
    assert (done.returncode, environment.changes()) == (1, {})
    assert done.stderr.startswith("pip.conf: pip cannot read its configuration:\n")
    assert explanation in done.stderr
    assert str(file) in done.stderr
    assert "hush" not in done.stderr + done.stdout


def test_pip_of_the_working_folder_does_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pip.py").write_text("open('ran', 'w')\n")
    monkeypatch.chdir(tmp_path)
    assert settings_of(tmp_path, "[global]\npre = 1\n", PYTHONPATH=str(tmp_path))["pre"] == "1"
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("text", ["[global]\nquiet = 2\npre = yes\n", "[global]\nverbose = 2\npre = yes\n"])
def test_settings_are_read_however_talkative_pip_is(tmp_path: Path, text: str) -> None:
    assert settings_of(tmp_path, text)["pre"] == "yes"


def test_empty_setting_counts_as_not_set(tmp_path: Path) -> None:
    text = "[global]\nindex-url = https://h/s\nproxy =\n"
    settings = settings_of(tmp_path, text, PIP_INDEX_URL="")
    assert (settings["index-url"], settings.get("proxy")) == ("https://h/s", None)


def test_other_name_of_an_option_is_known(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, "[install]\npypi-url = https://h/s\ndefault-timeout = 7\n")
    environ = uv_environ(settings, {}, has_index_url=False, has_extra_index_url=False)
    assert (environ["UV_DEFAULT_INDEX"], environ["UV_HTTP_TIMEOUT"]) == ("https://h/s", "7")


def test_every_option_of_pip_is_in_one_table() -> None:
    tables = [
        [name for name, _, _ in pip_options.VARIABLES],
        pip_options.SWITCHES,
        pip_options.NAMES_OF_PACKAGES,
        [pip_options.CONFIG_SETTINGS, pip_options.REQUIRE_HASHES],
        pip_options.REFUSED,
        pip_options.IGNORED,
    ]
    options = create_command("install").parser.option_list_all
    names = {name.removeprefix("--") for option in options for name in option._long_opts}
    for name in {pip_options.ALIASES.get(name, name) for name in names}:
        assert sum(name in table for table in tables) == 1, name


@pytest.mark.parametrize("name", sorted(pip_options.REFUSED))
def test_setting_without_a_counterpart_is_refused(name: str) -> None:
    with pytest.raises(DependencyFileError) as error:
        check_settings({name: "hush"})
    assert str(error.value).startswith(f"{name} in pip.conf, or PIP_{name.replace('-', '_').upper()}, cannot")
    assert "hush" not in str(error.value)
    check_settings({name: "off"})


def test_page_names_each_setting_that_is_honoured_or_refused() -> None:
    page = (CHECKOUT / "docs/how-to/project-image.md").read_text()
    section = page.partition("## Settings of pip\n")[2].partition("\n## ")[0]
    honoured = [name for name, _, _ in pip_options.VARIABLES]
    honoured += [*pip_options.SWITCHES, *pip_options.NAMES_OF_PACKAGES]
    for name in (*honoured, pip_options.CONFIG_SETTINGS, pip_options.REQUIRE_HASHES, *pip_options.REFUSED):
        assert re.search(rf"`{name}[` ]", section), name


def test_refused_setting_fails_the_installation(environment: ImageEnvironment) -> None:
    done = environment.assert_install_is_tidy("leaf", {"PIP_PREFER_BINARY": "1", "PIP_UPGRADE": "1"})
    assert (done.returncode, environment.changes()) == (1, {})
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["prefer-binary", "upgrade"]


def test_settings_that_change_nothing_are_ignored(fresh: ImageEnvironment) -> None:
    variables = {"PIP_NO_COLOR": "1", "PIP_PROGRESS_BAR": "off", "PIP_USER": "1", "PIP_NO_CACHE_DIR": "1"}
    done = fresh.assert_install_is_tidy("leaf", {**variables, "PIP_PREFER_BINARY": "no", "PIP_NOSUCH": "1"})
    assert (done.returncode, fresh.changes()) == (0, {"leaf": "1.0"}), done.stderr


@pytest.mark.parametrize(
    ("settings", "options"),
    [
        ({}, []),
        ({"no-index": "Yes"}, ["--no-index"]),
        ({"no-index": "0", "no-deps": "f"}, []),
        ({"no-deps": "1"}, ["--no-deps"]),
        ({"no-build-isolation": "off"}, ["--no-build-isolation"]),
        ({"no-build-isolation": "on"}, []),
        ({"no-binary": ":all:"}, ["--no-binary=:all:"]),
        ({"only-binary": "a, b,"}, ["--only-binary=a", "--only-binary=b"]),
        ({"config-settings": "a=b c"}, ["--config-settings=a=b c"]),
        ({"use-feature": "truststore"}, ["--system-certs"]),
    ],
)
def test_options_of_uv_are_those_of_pip(settings: dict[str, str], options: list[str]) -> None:
    check_settings(settings)
    assert uv_options(settings) == options


@pytest.mark.parametrize("value", ["none", "disabled", "2", "yes!"])
def test_switch_with_another_word_is_refused_as_by_pip(value: str) -> None:
    for read in (uv_options, requires_hashes):
        with pytest.raises(DependencyFileError, match="must be yes or no"):
            read({"no-index": value, "require-hashes": value})


def test_packages_without_a_wheel_are_refused_if_pip_is_to_build_nothing(
    environment: ImageEnvironment,
) -> None:
    done = environment.assert_install_is_tidy("settings-shown", {"PIP_ONLY_BINARY": ":all:"})
    assert (done.returncode, environment.changes()) == (1, {})
    assert "settings-shown" in done.stderr.splitlines()[-1]


def test_wheel_is_refused_if_pip_is_to_build_its_package(environment: ImageEnvironment) -> None:
    done = environment.assert_install_is_tidy("leaf", {"PIP_NO_BINARY": "twig,leaf"})
    assert (done.returncode, environment.changes()) == (1, {})
    assert "source distribution" in done.stderr


def test_hashes_that_pip_is_to_require_are_required(fresh: ImageEnvironment) -> None:
    variables = {"PIP_REQUIRE_HASHES": "1", "PIP_USE_FEATURE": "truststore"}
    done = fresh.assert_install_is_tidy("leaf", variables)
    assert (done.returncode, fresh.changes()) == (1, {})
    assert done.stderr.splitlines()[-1] == (
        "requirements.txt:1: leaf installs leaf, which has no --hash;"
        " require-hashes in pip.conf, or PIP_REQUIRE_HASHES, requires hashes"
    )
    done = fresh.assert_install_is_tidy(f"leaf==1.0 {hash_option(fresh.wheels, 'leaf', '1.0')}", variables)
    assert (done.returncode, fresh.changes()) == (0, {"leaf": "1.0"}), done.stderr


def test_build_settings_and_missing_dependencies_are_those_of_pip(fresh: ImageEnvironment) -> None:
    done = fresh.assert_install_is_tidy("settings-shown", {"PIP_CONFIG_SETTINGS": "size=2"})
    assert (done.returncode, fresh.changes()) == (0, {"settings-shown": "1.0"}), done.stderr
    (module,) = fresh.folder.glob("environment/lib/*/site-packages/settings_shown.py")
    assert module.read_text() == "settings = {'size': '2'}\n"
    done = fresh.assert_install_is_tidy("twig", {"PIP_NO_DEPS": "1"})
    assert done.returncode == 1
    assert "the installed packages do not fit together" in done.stderr
