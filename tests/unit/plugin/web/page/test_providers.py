from __future__ import annotations

from pathlib import Path

import pytest

from astro_runtime_plugin.web.page.providers import installed_providers


def test_providers_are_those_of_the_environment() -> None:
    names = dict(installed_providers())
    assert {"apache-airflow-providers-celery", "apache-airflow-providers-cncf-kubernetes"} <= names.keys()
    assert all(name.startswith("apache-airflow-providers-") for name in names)


def test_providers_include_third_parties_and_the_first_version_on_the_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = {"apache-airflow-providers-celery": "99.0", "airflow-provider-third-party": "1.2"}
    for name, version in installed.items():
        info = tmp_path / f"{name.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (info / "entry_points.txt").write_text("[apache_airflow_provider]\nprovider_info=x:y\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert installed.items() <= dict(installed_providers.__wrapped__()).items()
