"""requirements.txt, installed by the real uv into a real environment."""

from __future__ import annotations

import pytest

from tests.unit.image.image_environment import ImageEnvironment
from tests.unit.image.wheels import hash_option


@pytest.mark.parametrize("text", ["", "\n\n", "# leaf\n  # leaf\r\n", "\ufeff", "--pre\n", "\\\n"])
def test_empty_list_does_not_run_uv(environment: ImageEnvironment, text: str) -> None:
    done = environment.assert_install_is_tidy(text, {"PATH": ""})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_missing_list_is_an_empty_one(fresh: ImageEnvironment) -> None:
    done = fresh.run({"PATH": ""})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("leaf", {"leaf": "1.0"}),
        ("twig # and its dependency\n", {"leaf": "1.0", "twig": "1.0"}),
        ("apache-airflow-providers-x\n", {"apache-airflow-providers-x": "1.0"}),
        ("shared\n", {}),
        ("new\n", {"new": "1.0", "shared": "2.0"}),
        ("celery>=5\n", {}),
        ("# a comment \\\nleaf; python_version > '3'\nold; python_version < '3'\n", {"leaf": "1.0"}),
        ("leaf \\\n  == \\\n  1.0\n", {"leaf": "1.0"}),
        ("\ufeffleaf\r\ntwig\r\n", {"leaf": "1.0", "twig": "1.0"}),
        ("leaf\r\n".encode("utf-16"), {"leaf": "1.0"}),
        ("-r more/list.txt\ntwig", {"leaf": "1.0", "old": "1.0", "twig": "1.0"}),
        ("-c more/pins.txt\nshared>=1", {"shared": "2.0"}),
        ("-r more/nested.txt\nshared>=1", {"elsewhere": "1.0", "shared": "2.0"}),
        ("elsewhere\nleaf\n--find-links ${WHEELS}/more", {"elsewhere": "1.0", "leaf": "1.0"}),
    ],
)
def test_compatible_list_is_installed(
    fresh: ImageEnvironment, text: str | bytes, changes: dict[str, str]
) -> None:
    fresh.write("more/list.txt", "-r ../more/list.txt\nold\n")
    fresh.write("more/pins.txt", "shared==2.0\n")
    fresh.write("more/nested.txt", "-c 'pins.txt'\n../more/elsewhere-1.0-py3-none-any.whl\n")
    wheel = "more/elsewhere-1.0-py3-none-any.whl"
    (fresh.list.parent / wheel).write_bytes((fresh.wheels / wheel).read_bytes())
    done = fresh.assert_install_is_tidy(text, {"WHEELS": str(fresh.wheels)})
    assert (done.returncode, fresh.changes()) == (0, changes), done.stderr


def test_installed_packages_are_compiled(fresh: ImageEnvironment) -> None:
    assert fresh.assert_install_is_tidy("leaf").returncode == 0
    (module,) = fresh.folder.rglob("leaf.py")
    assert [path.name.split(".")[0] for path in module.parent.glob("__pycache__/*.pyc")] == ["leaf"]


@pytest.mark.parametrize("option", ["", "--require-hashes\n"])
def test_packages_with_hashes_are_installed(fresh: ImageEnvironment, option: str) -> None:
    twig, leaf = (
        f"{name}==1.0 \\\n  {hash_option(fresh.wheels, name, '1.0')}\n" for name in ("twig", "leaf")
    )
    done = fresh.assert_install_is_tidy(f"shared\n{option}{twig}{leaf}")
    assert (done.returncode, fresh.changes()) == (0, {"leaf": "1.0", "twig": "1.0"}), done.stderr


def test_incompatible_installed_packages_are_reported(fresh: ImageEnvironment) -> None:
    """The resolution does not cover every package of the image, but all of them must fit together."""
    fresh.uv("pip", "install", "--quiet", f"--python={fresh.python}", "old")
    done = fresh.assert_install_is_tidy("new\n")
    assert done.returncode == 1
    assert "`old` requires `shared<2`" in done.stderr
    assert done.stderr.splitlines()[-1] == (
        "requirements.txt: the installed packages do not fit together; see uv's explanation above"
    )
