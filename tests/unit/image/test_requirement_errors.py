"""The lines of requirements.txt that are blamed if uv cannot install the list."""

from __future__ import annotations

import pytest

from tests.unit.image.image_environment import ImageEnvironment
from tests.unit.image.wheels import hash_option

REASON = "cannot be installed with Airflow 3.3.2 and the other requirements; see uv's explanation above"


def assert_blamed(environment: ImageEnvironment, text: str, explanation: str, lines: list[str]) -> None:
    """Assert that installing fails, and that after uv's explanation the error names exactly these lines."""
    done = environment.assert_install_is_tidy(text)
    assert (done.returncode, environment.changes()) == (1, {})
    output = done.stderr.splitlines()
    assert explanation in "\n".join(output[: -len(lines)])
    assert output[-len(lines) :] == [f"{line} {REASON}" for line in lines]
    assert sum(line.endswith(REASON) for line in output) == len(lines)


@pytest.mark.parametrize(
    ("text", "explanation", "line"),
    [
        ("leaf\n\nnosuch>=1\ntwig", "nosuch was not found", "requirements.txt:3: nosuch>=1"),
        ("leaf\nleaf==9", "require leaf==9", "requirements.txt:2: leaf==9"),
        ("leaf==9\r\nleaf\r\n", "require leaf==9", "requirements.txt:1: leaf==9"),
        ("leaf\nLeaf != 1.0", "require one of", "requirements.txt:2: Leaf!=1.0"),
        ("celery==5.7.0\nleaf", "celery<5.7", "requirements.txt:1: celery==5.7.0"),
        ("celery[redis]==5.7.0\nleaf", "celery<5.7", "requirements.txt:1: celery[redis]==5.7.0"),
        ("leaf\n--no-binary :all:", "source distribution", "requirements.txt:1: leaf"),
        ("new\n-c more/pins.txt", "shared==1.0", "requirements.txt:1: new"),
    ],
)
def test_requirement_that_uv_rejects_is_blamed(
    environment: ImageEnvironment, text: str, explanation: str, line: str
) -> None:
    environment.write("more/pins.txt", "shared==1.0\n")
    assert_blamed(environment, text, explanation, [line])


def test_requirement_with_an_incompatible_dependency_is_blamed(environment: ImageEnvironment) -> None:
    assert_blamed(
        environment, "leaf\nfor-airflow-2", "apache-airflow<3", ["requirements.txt:2: for-airflow-2"]
    )


@pytest.mark.parametrize(
    ("text", "explanation", "lines"),
    [
        ("leaf==1.0\nleaf==9", "leaf==9", ["requirements.txt:1: leaf==1.0", "requirements.txt:2: leaf==9"]),
        ("leaf\nold\ntwig\nnew\nleaf", "shared>=2", ["requirements.txt:2: old", "requirements.txt:4: new"]),
        ("old\nneeds-new", "shared>=2", ["requirements.txt:1: old", "requirements.txt:2: needs-new"]),
        (
            "old\n# why\nnew \\\n  ==1.0 \\\n  # x\nleaf",
            "shared>=2",
            ["requirements.txt:1: old", "requirements.txt:3: new==1.0"],
        ),
        (
            "new\nleaf\n-r more/list.txt\nnosuch",
            "shared<2",
            ["requirements.txt:1: new", "more/list.txt:2: old"],
        ),
    ],
)
def test_requirements_in_conflict_are_all_blamed(
    environment: ImageEnvironment, text: str, explanation: str, lines: list[str]
) -> None:
    environment.write("more/list.txt", "leaf\nold\nnosuch\n")
    assert_blamed(environment, text, explanation, lines)


@pytest.mark.parametrize(
    ("text", "explanation", "line"),
    [
        ("leaf\nleaf=1", "in `requirements.txt:2`", "requirements.txt:2: this line"),
        ("# caf\xe9\nleaf\nleaf=1", "in `requirements.txt:3`", "requirements.txt:3: this line"),
        ("leaf\n-r more/typo.txt", "in `more/typo.txt:2`", "more/typo.txt:2: this line"),
        ("leaf\n==1", "requirements.txt:2:1", "requirements.txt:2: this line"),
        ("leaf\n--pre --no-index\n-f . -f .\n==1", "requirements.txt:4:1", "requirements.txt:4: this line"),
    ],
)
def test_line_that_uv_cannot_parse_is_blamed(
    environment: ImageEnvironment, text: str, explanation: str, line: str
) -> None:
    environment.write("more/typo.txt", "leaf\nleaf=1\n")
    assert_blamed(environment, text, explanation, [line])


def test_repository_that_cannot_be_fetched_is_blamed(environment: ImageEnvironment) -> None:
    text = "leaf\n\ngit+https://127.0.0.1:9/repository@main\n"
    assert_blamed(environment, text, "Git operation failed", ["requirements.txt:3: this line"])


def test_requirement_whose_dependency_fails_to_build_is_blamed(environment: ImageEnvironment) -> None:
    assert_blamed(
        environment, "leaf\ntwig\nneeds-broken", "gcc is missing", ["requirements.txt:3: needs-broken"]
    )


def test_requirement_with_a_wrong_hash_is_blamed(environment: ImageEnvironment) -> None:
    text = f"twig==1.0 {hash_option(environment.wheels, 'twig', '1.0')}\nleaf==1.0 --hash=sha256:{64 * '0'}"
    assert_blamed(environment, text, "Hash mismatch", ["requirements.txt:2: leaf==1.0"])


def test_requirement_of_the_image_is_not_blamed_on_a_line(fresh: ImageEnvironment) -> None:
    (fresh.folder / "image.txt").write_text("apache-airflow==3.3.2\ngone\n")
    assert_blamed(fresh, "leaf\ntwig\n", "gone was not found", ["requirements.txt: the list"])


VARIABLES = {"USER_AND_PASSWORD": "user:hush", "TOKEN": "hush/hush", "UV_HTTP_RETRIES": "0"}


@pytest.mark.parametrize(
    "line",
    [
        "leaf=1 https://user:hush@127.0.0.1:9/leaf.whl",
        "leaf https://user:hu@sh@127.0.0.1:9/leaf.whl",
        "leaf  https://user:hush@127.0.0.1:9/leaf.whl",
        "leaf @ https://${USER_AND_PASSWORD}@127.0.0.1:no/leaf.whl",
        "git+https://user:hush@127.0.0.1:9/leaf@main",
        "--extra-index-url https://user:hush@127.0.0.1:no/simple\nleaf",
        "--index-url=https://hush@127.0.0.1:no/simple\nleaf",
        "--nosuch=https://user:hush@127.0.0.1/\nleaf",
        "leaf @ http://127.0.0.1:9/leaf-1.0-py3-none-any.whl?token=hush",
        "leaf @ http://127.0.0.1:9/${TOKEN}/leaf-1.0-py3-none-any.whl",
        "git+http://${TOKEN}@127.0.0.1:9/leaf@main",
    ],
)
def test_error_masks_credentials(environment: ImageEnvironment, line: str) -> None:
    done = environment.assert_install_is_tidy(f"twig\n{line}\n", VARIABLES)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("requirements.txt:2: ")
    assert "hush" not in done.stderr + done.stdout
    assert "hu@sh" not in done.stderr
