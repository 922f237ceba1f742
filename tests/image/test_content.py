"""The content of the images: providers, extras, system programs, bill of materials, and no files of the build."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from dev.images import tag
from dev.versions import newest
from testing.docker_engine import assert_no_complaints, docker, once

PROBE = Path(__file__).with_name("probe.py").read_text()
IMPORT_PROBE = Path(__file__).with_name("import_probe.py").read_text()
EXECUTORS_AND_DATABASES = (
    "celery cncf-kubernetes common-compat common-io common-sql fab mysql postgres redis smtp sqlite standard"
)
OTHERS = "amazon datadog elasticsearch ftp google http imap microsoft-azure openlineage sftp slack ssh"
AIRFLOW_ITSELF = {"3.3": set(), "2.11": {"ftp", "http", "imap"}}  # dependencies of apache-airflow
# Modules for the extras, the databases and the Astro CLI.
SLIM_MODULES = "MySQLdb psycopg2 asyncpg gevent eventlet greenlet statsd virtualenv pytest pip uv"
FULL_MODULES = f"{SLIM_MODULES} ldap bcrypt"
LINE_MODULES = {
    ("3.3", "slim"): "aiosqlite aiomysql",
    ("3.3", "full"): "aiosqlite aiomysql",
    ("2.11", "slim"): "flask_bcrypt",
    ("2.11", "full"): "flask_bcrypt astronomer.providers.core",
}
FOR_ALEMBIC_ONLY = {"airflow.providers.fab.migrations.env"}
HOOKS_OF_EXTRAS = {"leveldb", "duckdb_aws"}  # optional extras of the Google and Amazon providers
SLIM_PROGRAMS = "airflow astro-runtime bash clean-airflow-logs curl git nc pip ps pytest rsync ssh tini uv"
FULL_PROGRAMS = f"{SLIM_PROGRAMS} kinit ldapsearch mysql psql"
# How many providers there are, and whether what validates them has created a validator.
PROVIDERS = """
import json
from airflow.providers_manager import ProvidersManager
manager = ProvidersManager()
validator = manager._provider_schema_validator
print(json.dumps([len(manager.providers), type(validator).__name__, "_validator" in vars(validator)]))
"""
SBOM = "/usr/local/share/astro-runtime/sbom.cdx.json"


@pytest.fixture(scope="module", params=["full", "slim"])
def variant(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def image(line: str, variant: str) -> str:
    return tag(line, {"full": "-base", "slim": "-slim-base"}[variant])


@pytest.fixture(scope="module")
def content(image: str, line: str, variant: str) -> Any:
    modules = [
        *{"full": FULL_MODULES, "slim": SLIM_MODULES}[variant].split(),
        *LINE_MODULES[line, variant].split(),
    ]
    output = docker("run", "--rm", "--interactive", image, "python", "-", *modules, stdin=PROBE)
    return json.loads(output.splitlines()[-1])


def test_providers_are_exactly_those_of_the_variant(content: Any, line: str, variant: str) -> None:
    expected = {"slim": EXECUTORS_AND_DATABASES, "full": f"{EXECUTORS_AND_DATABASES} {OTHERS}"}[variant]
    assert set(content["providers"]) == {*expected.split(), *AIRFLOW_ITSELF[line]}


def test_every_module_of_the_extras_and_every_hook_can_be_imported(content: Any) -> None:
    assert (content["missing"], set(content["broken_hooks"]) - HOOKS_OF_EXTRAS) == ({}, set())


def test_every_module_of_every_provider_can_be_imported(image: str) -> None:
    output = docker("run", "--rm", "--interactive", image, "python", "-", stdin=IMPORT_PROBE)
    imports = json.loads(output.splitlines()[-1])
    assert imports["modules"] > 0
    assert set(imports["broken"]) - FOR_ALEMBIC_ONLY == set(), imports["broken"]


def test_command_does_not_validate_the_providers_of_the_image(image: str, content: Any) -> None:
    *_, seen = once(image, "python", "-c", PROVIDERS).stdout.splitlines()
    providers, *validator = json.loads(seen)
    assert providers >= len(content["providers"])
    assert validator == ["ListValidator", False]


def test_every_module_is_compiled(content: Any) -> None:
    assert content["without_bytecode"] == []


def test_no_files_of_the_build_remain_and_the_environment_is_read_only(content: Any) -> None:
    assert (content["left_over"], content["compilers"], content["writable"]) == ([], [], [])


def test_pip_check_passes_and_programs_are_on_the_path(image: str, variant: str) -> None:
    programs = {"full": FULL_PROGRAMS, "slim": SLIM_PROGRAMS}[variant]
    done = once(image, "bash", "-c", f"pip check && type -P {programs}")
    assert done.returncode == 0, done


def test_bill_of_materials_lists_the_installed_packages(image: str, content: Any) -> None:
    bill = json.loads(once(image, "cat", SBOM).stdout)
    assert bill["bomFormat"] == "CycloneDX"
    packages = {item["name"].lower().replace("_", "-"): item["version"] for item in bill["components"]}
    assert packages == content["packages"]
    patches = [patch for item in bill["components"] for patch in item.get("pedigree", {}).get("patches", ())]
    listed = json.loads(once(image, "astro-runtime", "fixes", "--json").stdout)
    installed = {fix["id"] for fix in listed if fix["state"] == "active"}
    assert installed == {defect["id"] for patch in patches for defect in patch["resolves"]}
    assert "stock" not in {fix["state"] for fix in listed}


def test_labels_and_environment_contain_the_versions(image: str, line: str) -> None:
    config = json.loads(docker("image", "inspect", "--format", "{{json .Config}}", image))
    row, labels = newest(line), config["Labels"]
    assert (
        labels["io.astronomer.docker.runtime.version"]
        == labels["org.opencontainers.image.version"]
        == row["release"]
    )
    assert labels["io.astronomer.docker.airflow.version"] == row["airflow"]
    environ = dict(pair.split("=", 1) for pair in config["Env"])
    expected = {
        "AIRFLOW_HOME": "/usr/local/airflow",
        "ASTRONOMER_USER": "astro",
        "ASTRONOMER_UID": "50000",
        "PIP_NO_CACHE_DIR": "1",
        "AIRFLOW_VERSION": row["airflow"],
    }
    assert {name: environ[name] for name in expected} == expected
    assert not [name for name in environ if name.startswith(("AIRFLOW__", "_AIRFLOW"))], (
        "the entrypoint sets the defaults, not the image"
    )
    assert once(image, "python", "--version").stdout.startswith(
        f"Python {environ['PYTHON_MAJOR_MINOR_VERSION']}."
    )


def test_environment_can_be_overridden(image: str) -> None:
    names = [
        "AIRFLOW_HOME",
        "ASTRONOMER_USER",
        "ASTRONOMER_UID",
        "PIP_NO_CACHE_DIR",
        "PYTHON_MAJOR_MINOR_VERSION",
        "AIRFLOW_VERSION",
    ]
    options = [word for name in names for word in ("--env", f"{name}=/tmp/other")]
    assert once(image, "printenv", *names, options=options).stdout.split() == ["/tmp/other"] * len(names)


def test_folders_are_at_the_paths_of_astro_and_of_the_official_image(image: str) -> None:
    script = "cd /opt/airflow && pwd -P && stat -c '%U %g %a' dags plugins include logs && id -u && id -g"
    done = once(image, "bash", "-c", f"{script} && test -x /entrypoint")
    assert done.stdout.split("\n")[:-1] == ["/usr/local/airflow", *["astro 0 775"] * 4, "50000", "0"], done


def test_root_can_run_airflow_info_and_is_warned(image: str) -> None:
    done = once(image, "airflow", "info", options=["--user", "root"])
    assert done.returncode == 0, done
    assert_no_complaints(done.stdout + done.stderr, ["this container runs as root"])
    assert "this container runs as root" in done.stderr
