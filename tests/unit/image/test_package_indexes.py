"""Which index requirements.txt is installed from: real indexes, some with a login, configured in each way pip has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from testing.package_index import PackageIndex, package_index
from tests.unit.image.image_environment import ImageEnvironment
from tests.unit.image.wheels import build_wheel

LOGIN = "builder:hush-hush"


@pytest.fixture(scope="module")
def company(wheels: Path) -> Iterator[PackageIndex]:
    """An index that has everything and asks for a login."""
    with package_index(wheels, LOGIN) as index:
        yield index


@pytest.fixture(scope="module")
def public(wheels: Path) -> Iterator[PackageIndex]:
    """An index that has everything."""
    with package_index(wheels) as index:
        yield index


@pytest.fixture(scope="module")
def side(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PackageIndex]:
    """An index with a package of its own and an old version of a common one."""
    folder = tmp_path_factory.mktemp("side")
    build_wheel(folder, "ours", "1.0", "leaf>=1")
    build_wheel(folder, "leaf", "0.1")
    with package_index(folder) as index:
        yield index


@pytest.fixture
def online(fresh: ImageEnvironment) -> ImageEnvironment:
    """An environment to install into, which finds packages on indexes only."""
    (fresh.folder / "uv.toml").write_text("")
    return fresh


def assert_installed(
    environment: ImageEnvironment, text: str, variables: dict[str, str], **changes: str
) -> str:
    done = environment.assert_install_is_tidy(text, variables)
    assert (done.returncode, environment.changes()) == (0, changes), done.stderr
    return done.stderr


@pytest.mark.parametrize(
    "text",
    [
        "ours\n--index-url {public}\n--extra-index-url {side}",
        "ours\n--index-url {side}\n--extra-index-url {public}",
        "--extra-index-url {side} -i {public}\nours",
        "-i http://127.0.0.1:9/\n-i {public}\n--extra-index-url {side}\nours",  # the last one counts
    ],
)
def test_best_version_of_all_indexes_is_installed(
    online: ImageEnvironment, public: PackageIndex, side: PackageIndex, text: str
) -> None:
    text = text.format(public=public.url(), side=side.url())
    assert_installed(online, text, {}, ours="1.0", leaf="1.0")


def test_strategy_of_uv_can_be_chosen(
    online: ImageEnvironment, public: PackageIndex, side: PackageIndex
) -> None:
    text = f"leaf\n--index-url {public.url()}\n--extra-index-url {side.url()}"
    assert_installed(online, text, {"UV_INDEX_STRATEGY": "first-index"}, leaf="0.1")


@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "UV_INDEX_URL", "UV_DEFAULT_INDEX"])
def test_index_of_a_variable_is_used(online: ImageEnvironment, company: PackageIndex, name: str) -> None:
    output = assert_installed(online, "twig", {name: company.url(LOGIN)}, twig="1.0", leaf="1.0")
    assert "hush" not in output


@pytest.mark.parametrize("name", ["PIP_EXTRA_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_INDEX"])
def test_extra_index_of_a_variable_is_used(
    online: ImageEnvironment, public: PackageIndex, side: PackageIndex, name: str
) -> None:
    variables = {"PIP_INDEX_URL": public.url(), name: side.url()}
    assert_installed(online, "ours", variables, ours="1.0", leaf="1.0")


@pytest.mark.parametrize("section", ["global", "install"])
def test_indexes_of_pips_configuration_are_used(
    online: ImageEnvironment, company: PackageIndex, side: PackageIndex, section: str
) -> None:
    file = online.folder / "pip.conf"
    address = company.url(LOGIN.replace("-", "%2D"))
    file.write_text(
        f"[{section}]\nindex-url = {address}\nextra-index-url =\n    http://127.0.0.1:9/\n    {side.url()}\n"
    )
    output = online.assert_install_is_tidy(
        "ours", {"PIP_CONFIG_FILE": str(file), "UV_HTTP_RETRIES": "0"}
    ).stderr
    assert "127.0.0.1:9/" in output  # the first of the two extra indexes was asked, too
    file.write_text(f"[{section}]\nindex-url = {address}\nextra-index-url = {side.url()}\n")
    assert_installed(online, "ours", {"PIP_CONFIG_FILE": str(file)}, ours="1.0", leaf="1.0")


def test_variable_wins_over_pips_configuration_and_the_list_over_both(
    online: ImageEnvironment, public: PackageIndex
) -> None:
    file = online.folder / "pip.conf"
    file.write_text("[global]\nindex-url = http://127.0.0.1:9/\n")
    variables = {"PIP_CONFIG_FILE": str(file), "PIP_INDEX_URL": public.url()}
    assert_installed(online, "leaf", variables, leaf="1.0")
    variables["PIP_INDEX_URL"] = variables["PIP_EXTRA_INDEX_URL"] = "http://127.0.0.1:9/"
    assert_installed(online, f"twig\n-i {public.url()}", variables, leaf="1.0", twig="1.0")


def test_other_settings_of_pip_are_used(online: ImageEnvironment, wheels: Path) -> None:
    (online.folder / "limits.txt").write_text("beta-only>1\n")
    variables = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": f"{wheels} {wheels}/more", "PIP_PRE": "true"}
    variables["PIP_CONSTRAINT"] = str(online.folder / "limits.txt")
    assert_installed(online, "elsewhere\nbeta-only", variables, elsewhere="1.0", **{"beta-only": "2.0b1"})


def test_variables_in_the_list_hold_the_login(online: ImageEnvironment, company: PackageIndex) -> None:
    user, password = LOGIN.split(":")
    output = assert_installed(
        online,
        f"leaf\n--index-url {company.url('${USER}:${TOKEN}')}",
        {"USER": user, "TOKEN": password},
        leaf="1.0",
    )
    assert "hush" not in output


@pytest.mark.parametrize(
    "address",
    ["http://builder:hu-sh@127.0.0.1:{port}/simple", "http://127.0.0.1:{port}/simple?token=hu-sh&x=hu-sh"],
)
@pytest.mark.parametrize("name", ["PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL"])
def test_refused_login_is_reported_and_not_shown(
    online: ImageEnvironment, company: PackageIndex, public: PackageIndex, address: str, name: str
) -> None:
    variables = {"PIP_INDEX_URL": public.url(), name: address.format(port=company.port)}
    done = online.assert_install_is_tidy("leaf\nnosuch", variables)
    assert done.returncode == 1
    assert "credentials" in done.stderr
    assert "hu-sh" not in done.stderr + done.stdout
