"""What is refused in requirements.txt whether or not uv could install it."""

from __future__ import annotations

import pytest

from tests.unit.image.image_environment import ImageEnvironment
from tests.unit.image.wheels import hash_option


@pytest.mark.parametrize(
    "line",
    [
        "apache-airflow",
        "apache-airflow==3.3.2",
        "apache-airflow==2.0 # from before",
        "Apache.Airflow[async, celery] >= 2",
        "apache_airflow==2.0; python_version < '3'",
        "apache-airflow=2.0",
        "apache-airflow 2.0",
        "apache-airflow \\\n  ==2.0",
        "apache-airflow==2.0 --hash=sha256:0123",
        "apache-airflow @ https://127.0.0.1:9/apache_airflow-2.0-py3-none-any.whl",
        "https://user:hush@127.0.0.1:9/apache_airflow-2.0-py3-none-any.whl#sha256=0123",
        "./apache_airflow-2.0.tar.gz",
        "git+https://127.0.0.1:9/airflow@2.0#subdirectory=x&egg=apache-airflow",
        "-e git+https://127.0.0.1:9/airflow@2.0#egg=apache-airflow",
        "apache-airflow-core>=3",
        "apache-airflow-task-sdk",
        "astro-runtime",
    ],
)
def test_airflow_itself_is_refused(environment: ImageEnvironment, line: str) -> None:
    done = environment.assert_install_is_tidy(f"leaf\n\n{line}\n", {"PATH": ""})
    assert done.returncode == 1
    (error,) = done.stderr.splitlines()
    assert error.startswith("requirements.txt:3: the image decides the version of a")
    assert "has Airflow 3.3.2" in error
    assert "FROM" in error


def test_every_line_that_names_airflow_is_reported(environment: ImageEnvironment) -> None:
    environment.write("more/list.txt", "leaf\napache-airflow\n")
    done = environment.assert_install_is_tidy("apache-airflow==2.0\n-r more/list.txt\napache-airflow-core\n")
    assert done.returncode == 1
    locations = [line.partition(": ")[0] for line in done.stderr.splitlines()]
    assert locations == ["requirements.txt:1", "more/list.txt:2", "requirements.txt:3"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("leaf\n-e ./checkout\n", "requirements.txt:2: this line installs apache-airflow"),
        ("leaf\n./checkout\n", "requirements.txt:2: this line installs apache-airflow"),
        ("leaf\nfor-the-core", "requirements.txt:2: for-the-core installs apache-airflow-core"),
    ],
)
def test_airflow_installed_indirectly_is_refused(
    environment: ImageEnvironment, text: str, error: str
) -> None:
    environment.write("checkout/pyproject.toml", '[project]\nname = "apache-airflow"\nversion = "3.3.2"\n')
    done = environment.assert_install_is_tidy(text)
    assert (done.returncode, environment.changes()) == (1, {})
    assert done.stderr.splitlines()[-1].startswith(f"{error}; the image decides the version of")


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("-r nosuch.txt", "nosuch.txt"),
        ("--requirement=more/nosuch.txt", "more/nosuch.txt"),
        ("-c 'nosuch pins.txt'", "nosuch pins.txt"),
        ("--constraint nosuch.txt", "nosuch.txt"),
        ("-e ./nosuch[some]", "./nosuch"),
        ("--find-links nosuch", "nosuch"),
        ("./nosuch", "./nosuch"),
        ("./" + 300 * "n", "./" + 300 * "n"),  # longer than a file's name can be
        ("wheels/nosuch-1.0-py3-none-any.whl --hash=sha256:0123", "wheels/nosuch-1.0-py3-none-any.whl"),
    ],
)
def test_missing_file_is_reported_before_uv_runs(environment: ImageEnvironment, line: str, file: str) -> None:
    done = environment.assert_install_is_tidy(f"leaf\n{line}\napache-airflow\n", {"PATH": ""})
    assert done.returncode == 1
    errors = {error.partition(": ")[0]: error for error in done.stderr.splitlines()}
    assert set(errors) == {"requirements.txt:2", "requirements.txt:3"}
    assert f"there is no {file} where" in errors["requirements.txt:2"]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("{twig}", "requirements.txt: the list installs leaf, which has no --hash; requirements.txt:1 "),
        (
            "{twig}\nleaf\n",
            "requirements.txt:2: leaf installs leaf, which has no --hash; requirements.txt:1 ",
        ),
        (
            "leaf\n{twig}\n",
            "requirements.txt:1: leaf installs leaf, which has no --hash; requirements.txt:2 ",
        ),
        (
            "leaf\ntwig\n--require-hashes",
            "requirements.txt:1: leaf installs leaf, which has no --hash; requirements.txt:3 ",
        ),
    ],
)
def test_one_hash_requires_hashes_of_all(environment: ImageEnvironment, text: str, error: str) -> None:
    twig = f"twig==1.0 {hash_option(environment.wheels, 'twig', '1.0')}"
    done = environment.assert_install_is_tidy(text.format(twig=twig))
    assert (done.returncode, environment.changes()) == (1, {})
    assert done.stderr.splitlines()[0] == f"{error}requires hashes"


def test_list_in_another_encoding_is_refused(environment: ImageEnvironment) -> None:
    done = environment.assert_install_is_tidy("leaf\n# caf\xe9\n".encode("latin-1"))
    assert done.returncode == 1
    assert done.stderr == "requirements.txt:2: this is not UTF-8; save the file as UTF-8\n"
