"""The shape of the OpenAPI document; the tests of each line compare it with the routes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from astro_runtime_plugin import __version__
from astro_runtime_plugin.web.openapi import document
from astro_runtime_plugin.web.schemas import Runtime

METHODS = {"get", "post"}
REF = "#/components/schemas/"


def operations() -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in document()["paths"].items()
        for method, operation in methods.items()
    ]


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from ([node["$ref"]] if "$ref" in node else [])
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def test_document_is_openapi_3_1_with_the_package_version() -> None:
    info = document()["info"]
    assert document()["openapi"] == "3.1.0"
    assert (info["title"], info["version"]) == ("Astro Runtime", __version__)
    assert {"info", "paths", "components"} <= document().keys()


def test_every_operation_has_a_summary_and_the_responses_without_a_login() -> None:
    assert {method for _, method, _ in operations()} == METHODS
    for path, _, operation in operations():
        assert path.startswith("/")
        assert operation["summary"]
        assert {"401", "403"} < operation["responses"].keys()
        assert all(response["description"] for response in operation["responses"].values())


def test_every_required_security_scheme_is_defined() -> None:
    required = {name for requirement in document()["security"] for name in requirement}
    assert required == document()["components"]["securitySchemes"].keys()


def test_schemas_are_exactly_those_that_are_referenced() -> None:
    used = {reference.removeprefix(REF) for reference in references(document())}
    assert used == document()["components"]["schemas"].keys()


def test_every_schema_is_json_schema_2020_12_and_describes_an_object() -> None:
    for schema in document()["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
        assert schema["description"]
        assert schema["properties"].keys() >= set(schema["required"])


def test_response_of_the_api_matches_its_schema() -> None:
    response = Runtime(
        release="3.3-1",
        image_tag="x",
        airflow_version="3.3.2",
        python_version="3.12.0",
        links=[],
        settings=[],
    )
    schema = {"$ref": f"{REF}Runtime", "components": document()["components"]}
    assert [*Draft202012Validator(schema).iter_errors(response.model_dump())] == []
