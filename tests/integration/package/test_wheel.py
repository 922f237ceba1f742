"""The wheel, installed into a clean environment, behaves like the checkout."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from testing.entrypoint_process import CHECKOUT, environment
from testing.plain_airflow import install_plain_airflow


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(folder),
        str(CHECKOUT),
    ]
    subprocess.run(build, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def clean_bin(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of an environment's programs; its other packages are those of this environment's lock."""
    folder = tmp_path_factory.mktemp("clean")
    python, *_ = install_plain_airflow(folder)
    pip = [python, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--no-deps", str(wheel)], check=True)
    subprocess.run([*pip, "check"], check=True)
    return folder / "bin"


def run(folder: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run a command of an environment, outside the checkout."""
    environ = environment(home, {"PATH": f"{folder}:/usr/bin:/bin"})
    return subprocess.run(
        [str(folder / words[0]), *words[1:]],
        env=environ,
        cwd=home,
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_wheel_contains_the_packages_with_their_data_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    tops = {name.split("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {
        "astro_runtime_fixes.pth",
        "astro_runtime_plugin",
        "entrypoint",
    }
    for data in ("releases/catalogue.json", "web/static/footer.js"):
        assert f"astro_runtime_plugin/{data}" in names
    assert {"astro_runtime_plugin/py.typed", "entrypoint/py.typed"} <= {*names}
    assert any(name.startswith("astro_runtime_plugin/example_dags/") for name in names)
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not any("__pycache__" in name for name in names)


def test_commands_print_the_same_as_in_the_checkout(clean_bin: Path, tmp_path: Path) -> None:
    checkout = Path(sys.executable).parent
    for words in (
        ("astro-runtime", "version"),
        ("astro-runtime", "defaults", "--json"),
        ("astro-runtime-entrypoint", "sh", "-c", "env | grep ^AIRFLOW__ | sort"),
        ("python", "-m", "entrypoint", "sh", "-c", "env | grep ^AIRFLOW__ | sort"),
    ):
        installed, checked_out = run(clean_bin, tmp_path, *words), run(checkout, tmp_path, *words)
        assert installed.returncode == 0, installed.stderr
        assert (installed.stdout, installed.stderr) == (checked_out.stdout, checked_out.stderr)
        assert installed.stdout


def test_airflow_loads_hook_and_plugin(clean_bin: Path, tmp_path: Path) -> None:
    airflow = ("python", "-m", "airflow")
    value = run(clean_bin, tmp_path, *airflow, "config", "get-value", "scheduler", "max_tis_per_query")
    assert value.stdout == "512\n"
    plugins = json.loads(run(clean_bin, tmp_path, *airflow, "plugins", "-o", "json").stdout)
    assert "astro_runtime" in [plugin["name"] for plugin in plugins]


def test_entrypoint_without_a_command_exits_2(clean_bin: Path, tmp_path: Path) -> None:
    assert run(clean_bin, tmp_path, "astro-runtime-entrypoint").returncode == 2
