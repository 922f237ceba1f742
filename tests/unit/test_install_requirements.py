"""requirements.txt, installed by the real uv into a real environment, where a small package plays Airflow."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.unit.wheels import hash_of, source_that_does_not_build, wheel

CHECKOUT = Path(__file__).parents[2]
BIN = str(Path(sys.executable).parent)
IMAGE = {"apache-airflow": "3.3.2", "celery": "5.6.0", "shared": "1.0"}
BESIDE = "cannot be installed beside Airflow 3.3.2 and the lines above"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheels")
    wheel(folder, "apache-airflow", "3.3.2", "shared>=1")
    wheel(folder, "apache-airflow", "2.0")
    wheel(folder, "apache-airflow-core", "3.3.2")
    wheel(folder, "apache-airflow-providers-x", "1.0", "apache-airflow>=2.11")
    wheel(folder, "celery", "5.6.0")
    wheel(folder, "celery", "5.7.0")
    wheel(folder, "shared", "1.0")
    wheel(folder, "shared", "2.0")
    wheel(folder, "new", "1.0", "shared>=2")
    wheel(folder, "old", "1.0", "shared<2")
    wheel(folder, "for-airflow-2", "1.0", "apache-airflow<3")
    wheel(folder, "for-the-core", "1.0", "apache-airflow-core")
    wheel(folder, "leaf", "1.0")
    wheel(folder, "twig", "1.0", "leaf")
    (folder / "more").mkdir()
    wheel(folder / "more", "elsewhere", "1.0")
    source_that_does_not_build(folder, "broken", "1.0")
    wheel(folder, "needs-broken", "1.0", "broken")
    return folder


class Environment:
    """A folder with a project's lists, and an environment with what the image has."""

    def __init__(self, folder: Path, wheels: Path) -> None:
        self.folder, self.wheels = folder, wheels
        self.list = folder / "project" / "requirements.txt"
        self.python = folder / "environment" / "bin" / "python"
        (folder / "project" / "more").mkdir(parents=True)
        (folder / "image.txt").write_text("apache-airflow==3.3.2\ncelery<5.7\n")
        (folder / "pins.txt").write_text("apache-airflow==3.3.2\n")
        (folder / "uv.toml").write_text(f"[pip]\nno-index = true\nfind-links = [{str(wheels)!r}]\n")
        self.environ = {
            "HOME": str(folder),
            "PATH": f"{BIN}:{os.environ['PATH']}",
            "UV_CONFIG_FILE": str(folder / "uv.toml"),
            "PYTHONPATH": str(CHECKOUT),
        }
        self.uv("venv", "--quiet", "--python", sys.executable, str(self.python.parent.parent))
        image = [f"{name}=={version}" for name, version in IMAGE.items()]
        self.uv("pip", "install", "--quiet", f"--python={self.python}", *image)

    def uv(self, *words: str) -> str:
        done = subprocess.run(
            ["uv", *words], env=self.environ, cwd=self.folder, capture_output=True, text=True, check=True
        )
        return done.stdout

    def install(self, text: str | bytes, environ: Mapping[str, str] = {}) -> subprocess.CompletedProcess[str]:
        """Install a list of this text; nothing but the list stays in its folder."""
        self.list.write_bytes(text if isinstance(text, bytes) else text.encode())
        before = {*self.list.parent.rglob("*")}
        done = self.run(environ)
        assert {*self.list.parent.rglob("*")} == before
        assert "Traceback" not in done.stderr
        return done

    def run(self, environ: Mapping[str, str]) -> subprocess.CompletedProcess[str]:
        options = [f"--python={self.python}", "--requirements=../image.txt", "--constraints=../pins.txt"]
        return subprocess.run(
            [sys.executable, "-m", "image.install_requirements", "requirements.txt", *options],
            env={**self.environ, **environ},
            cwd=self.list.parent,
            capture_output=True,
            text=True,
        )

    def also(self, path: str, text: str) -> None:
        (self.list.parent / path).write_text(text)

    def added(self) -> dict[str, str]:
        """Return what is installed and was not so in the image."""
        lines = self.uv("pip", "freeze", f"--python={self.python}").splitlines()
        found = [line.partition("==") for line in lines]
        return {name: version for name, _, version in found if IMAGE.get(name) != version}


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Environment:
    """An environment that nothing gets installed into."""
    return Environment(tmp_path_factory.mktemp("image"), wheels)


@pytest.fixture
def fresh(tmp_path: Path, wheels: Path) -> Environment:
    return Environment(tmp_path, wheels)


@pytest.mark.parametrize("text", ["", "\n\n", "# leaf\n  # leaf\r\n", "\ufeff", "--pre\n", "\\\n"])
def test_a_list_of_nothing_asks_nothing_of_uv(environment: Environment, text: str) -> None:
    done = environment.install(text, {"PATH": ""})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_a_list_that_is_not_there_is_one_of_nothing(fresh: Environment) -> None:
    done = fresh.run({"PATH": ""})
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("text", "added"),
    [
        ("leaf", {"leaf": "1.0"}),
        ("twig # and what it needs\n", {"leaf": "1.0", "twig": "1.0"}),
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
        ("elsewhere\nleaf\n--find-links ${WHEELS}/more", {"elsewhere": "1.0", "leaf": "1.0"}),
    ],
)
def test_a_list_is_installed_and_what_fits_is_left(
    fresh: Environment, text: str | bytes, added: dict[str, str]
) -> None:
    fresh.also("more/list.txt", "-r ../more/list.txt\nold\n")
    fresh.also("more/pins.txt", "shared==2.0\n")
    done = fresh.install(text, {"WHEELS": str(fresh.wheels)})
    assert (done.returncode, fresh.added()) == (0, added), done.stderr


def test_what_is_installed_is_compiled(fresh: Environment) -> None:
    assert fresh.install("leaf").returncode == 0
    (module,) = fresh.folder.rglob("leaf.py")
    assert [path.name.split(".")[0] for path in module.parent.glob("__pycache__/*.pyc")] == ["leaf"]


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
def test_airflow_itself_is_refused(environment: Environment, line: str) -> None:
    done = environment.install(f"leaf\n\n{line}\n", {"PATH": ""})
    assert done.returncode == 1
    (said,) = done.stderr.splitlines()
    assert said.startswith("requirements.txt:3: the image decides the version of a")
    assert "has Airflow 3.3.2" in said
    assert "FROM" in said


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
        ("wheels/nosuch-1.0-py3-none-any.whl --hash=sha256:0123", "wheels/nosuch-1.0-py3-none-any.whl"),
    ],
)
def test_a_file_that_is_not_there_is_told_before_uv_is_asked(
    environment: Environment, line: str, file: str
) -> None:
    done = environment.install(f"leaf\n{line}\napache-airflow\n", {"PATH": ""})
    assert done.returncode == 1
    said = {told.partition(": ")[0]: told for told in done.stderr.splitlines()}
    assert set(said) == {"requirements.txt:2", "requirements.txt:3"}
    assert f"there is no {file} where" in said["requirements.txt:2"]


def test_every_line_that_names_airflow_is_told(environment: Environment) -> None:
    environment.also("more/list.txt", "leaf\napache-airflow\n")
    done = environment.install("apache-airflow==2.0\n-r more/list.txt\napache-airflow-core\n")
    assert done.returncode == 1
    places = [line.partition(": ")[0] for line in done.stderr.splitlines()]
    assert places == ["requirements.txt:1", "more/list.txt:2", "requirements.txt:3"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("leaf\n-e ./checkout\n", "requirements.txt:2: this line installs apache-airflow"),
        ("leaf\nfor-the-core", "requirements.txt:2: for-the-core installs apache-airflow-core"),
    ],
)
def test_airflow_does_not_come_by_another_way(environment: Environment, text: str, told: str) -> None:
    (environment.list.parent / "checkout").mkdir(exist_ok=True)
    environment.also("checkout/pyproject.toml", '[project]\nname = "apache-airflow"\nversion = "3.3.2"\n')
    done = environment.install(text)
    assert (done.returncode, environment.added()) == (1, {})
    assert done.stderr.splitlines()[-1].startswith(f"{told}; the image decides the version of")


@pytest.mark.parametrize(
    ("text", "explained", "told"),
    [
        ("leaf\n\nnosuch>=1\ntwig", "nosuch was not found", "requirements.txt:3: nosuch>=1"),
        ("leaf\nleaf==9", "require leaf==9", "requirements.txt:2: leaf==9"),
        ("leaf\r\nleaf==9\r\n", "require leaf==9", "requirements.txt:2: leaf==9"),
        ("celery==5.7.0\nleaf", "celery<5.7", "requirements.txt:1: celery==5.7.0"),
        ("leaf\nfor-airflow-2", "apache-airflow<3", "requirements.txt:2: for-airflow-2"),
        ("leaf\nold\ntwig\nnew\nleaf", "shared>=2", "requirements.txt:4: new"),
        ("old\n# why\nnew \\\n  ==1.0 \\\n  # x\nleaf", "shared>=2", "requirements.txt:3: new==1.0"),
        ("new\n-c more/pins.txt", "shared==1.0", "requirements.txt:2: this line"),
        ("new\nleaf\n-r more/list.txt\nnosuch", "shared<2", "more/list.txt:2: old"),
        ("leaf\nleaf=1", "leaf=1", "requirements.txt:2: this line"),
        ("leaf\n==1", "requirements.txt:2:1", "requirements.txt:2: this line"),
        ("leaf\n\n--nosuch", "requirements.txt:3:1", "requirements.txt:3: this line"),
        ("leaf\n--no-binary :all:", "source distribution", "requirements.txt:1: leaf"),
    ],
)
def test_the_line_that_cannot_be_resolved_is_told(
    environment: Environment, text: str, explained: str, told: str
) -> None:
    environment.also("more/list.txt", "leaf\nold\nnosuch\n")
    environment.also("more/pins.txt", "shared==1.0\n")
    done = environment.install(text)
    assert (done.returncode, environment.added()) == (1, {})
    assert explained in done.stderr
    assert ".astro-runtime" not in done.stderr
    assert done.stderr.splitlines()[-1] == f"{told} {BESIDE}; uv's explanation stands above"


@pytest.mark.parametrize(
    ("text", "explained", "told"),
    [
        ("leaf\ntwig\nneeds-broken", "gcc is missing", "requirements.txt:3: needs-broken installs broken"),
        (
            "twig\nleaf==1.0 --hash=sha256:" + 64 * "0",
            "Hash mismatch",
            "requirements.txt:2: leaf==1.0 installs leaf",
        ),
    ],
)
def test_the_line_that_fails_while_it_is_installed_is_told(
    environment: Environment, text: str, explained: str, told: str
) -> None:
    if "--hash" in text:
        text = text.replace("twig", f"twig==1.0 {hash_of(environment.wheels, 'twig', '1.0')}")
    done = environment.install(text)
    assert (done.returncode, environment.added()) == (1, {})
    assert explained in done.stderr
    assert done.stderr.splitlines()[-1] == f"{told}, and that failed; uv's explanation stands above"


@pytest.mark.parametrize("more", ["", "--require-hashes\n"])
def test_what_has_hashes_is_installed(fresh: Environment, more: str) -> None:
    twig, leaf = (f"{name}==1.0 \\\n  {hash_of(fresh.wheels, name, '1.0')}\n" for name in ("twig", "leaf"))
    done = fresh.install(f"shared\n{more}{twig}{leaf}")
    assert (done.returncode, fresh.added()) == (0, {"leaf": "1.0", "twig": "1.0"}), done.stderr


@pytest.mark.parametrize(
    "text", ["{twig}", "{twig}\nleaf\n", "leaf\n{twig}\n", "leaf\ntwig\n--require-hashes"]
)
def test_one_hash_asks_for_all(environment: Environment, text: str) -> None:
    twig = f"twig==1.0 {hash_of(environment.wheels, 'twig', '1.0')}"
    done = environment.install(text.format(twig=twig))
    assert (done.returncode, environment.added()) == (1, {})
    said = done.stderr.splitlines()[0]
    assert "installs leaf, which has no --hash; requirements.txt:" in said
    assert said.startswith("requirements.txt:")


def test_packages_that_do_not_fit_together_end_the_build(fresh: Environment) -> None:
    """What the image has beside its own requirements is not resolved again, but must fit."""
    fresh.uv("pip", "install", "--quiet", f"--python={fresh.python}", "old")
    done = fresh.install("new\n")
    assert done.returncode == 1
    assert "`old` requires `shared<2`" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(
        "requirements.txt: uv installs and checks it, and that failed"
    )


@pytest.mark.parametrize(
    "line",
    [
        "leaf=1 https://user:hush@127.0.0.1:9/leaf.whl",
        "leaf https://user:hu@sh@127.0.0.1:9/leaf.whl",
        "leaf @@ https://user:hush@127.0.0.1:9/leaf.whl",
        "leaf @ https://${USER_AND_PASSWORD}@127.0.0.1:no/leaf.whl",
        "--extra-index-url https://user:hush@127.0.0.1:no/simple\nleaf",
        "--index-url=https://hush@127.0.0.1:no/simple\nleaf",
        "--nosuch=https://user:hush@127.0.0.1/\nleaf",
    ],
)
def test_no_password_is_told(environment: Environment, line: str) -> None:
    done = environment.install(f"twig\n{line}\n", {"USER_AND_PASSWORD": "user:hush"})
    assert done.returncode == 1
    assert "requirements.txt:2: " in done.stderr.splitlines()[-1]
    assert "hush" not in done.stderr + done.stdout
    assert "hu@sh" not in done.stderr


def test_a_file_in_an_encoding_that_nobody_told_is_refused(environment: Environment) -> None:
    done = environment.install("leaf\n# caf\xe9\n".encode("latin-1"))
    assert done.returncode == 1
    assert done.stderr == "requirements.txt:2: this is no UTF-8; save the file as UTF-8\n"


def test_the_images_own_requirements_are_not_blamed_on_a_line(fresh: Environment) -> None:
    (fresh.folder / "image.txt").write_text("apache-airflow==3.3.2\ngone\n")
    done = fresh.install("leaf\ntwig\n")
    assert done.returncode == 1
    assert "gone was not found" in done.stderr
    assert done.stderr.splitlines()[-1].startswith(f"requirements.txt: the list {BESIDE}")
