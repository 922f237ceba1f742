"""docs/reference/api.md, generated from the OpenAPI document."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from dev.docs.api_examples import EXAMPLES
from dev.docs.markdown import table

Json = dict[str, Any]

HEAD = """\
# HTTP API

{description}

The web server of both lines serves these endpoints below `{server}`. `GET {server}/api/openapi.json` describes them
as an OpenAPI document, from which `make docs` generates this page.

```console
$ curl -H "Authorization: Bearer $TOKEN" localhost:8080{server}/api/runtime
```

On Airflow 3.3 `$TOKEN` is a token of Airflow's own API (`POST /auth/token`); a browser uses its cookie. On Airflow 2.11
only the session cookie of a browser works. Every error but the page's is JSON with a `detail`.

## Permissions

Each endpoint asks for the permission under which Airflow itself shows the same facts, on both lines and with every auth
manager. With the roles of FAB:

| facts | permission | who has it |
| --- | --- | --- |
| versions, image tag and links of the footer; notices about the release; the OpenAPI document | a login | every user |
| `settings` of `api/runtime`; `api/fixes` | to see the configuration | Admin, Op |
| `api/workers`, `api/components`, the notice that image tags differ | to see jobs | Admin, Op, User, Viewer |
| `api/task-logs` | to see jobs | Admin, Op, User, Viewer |
| `page` | to see connections, the configuration, jobs and providers | Admin, Op |

SimpleAuthManager also lets User and Viewer see the configuration. Airflow's `expose_config` does not matter here: the
settings are only those that the Runtime has a default for, and none of them is a secret. An anonymous visitor sees
nothing, not even with `AUTH_ROLE_PUBLIC`.
"""
PRINT = "import json; from astro_runtime_plugin.web.openapi import document; print(json.dumps(document()))"


def render() -> str:
    """Return the page as Markdown."""
    document = read_document()
    server, description = document["servers"][0]["url"], document["info"]["description"]
    lines = [HEAD.format(server=server, description=description), "## Endpoints", ""]
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            lines += _endpoint(f"{method.upper()} {server}{path}", operation)
            lines += _example(path) if method == "get" else ()
    lines += ["## Objects", ""]
    for name, schema in document["components"]["schemas"].items():
        lines += _object(name, schema)
    return "\n".join(lines).rstrip() + "\n"


def read_document() -> Json:
    """Return the document, from a process with a home of its own: Airflow writes airflow.cfg when it is imported."""
    with tempfile.TemporaryDirectory() as home:
        process = subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "AIRFLOW_HOME": home},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    document: Json = json.loads(process.stdout.splitlines()[-1])
    return document


def _endpoint(name: str, operation: Json) -> Iterator[str]:
    yield from (f"### `{name}`", "", f"{operation['summary']}.", "")
    if body := operation.get("requestBody"):
        yield from (f"Body: {_content(body)}.", "")
    rows = [
        (status, _content(response), response["description"])
        for status, response in operation["responses"].items()
    ]
    yield from (table(("status", "answer", "meaning"), rows), "")


def _example(path: str) -> Iterator[str]:
    if path in EXAMPLES:
        yield from ("```json", json.dumps(EXAMPLES[path], indent=2, ensure_ascii=False), "```", "")


def _content(holder: Json) -> str:
    """Return what a request or a response contains: the type of JSON, else the media type."""
    return ", ".join(
        _type(content["schema"]) if media_type == "application/json" else media_type
        for media_type, content in holder.get("content", {}).items()
    )


def _object(name: str, schema: Json) -> Iterator[str]:
    yield from (f"### {name}", "", " ".join(schema["description"].split()), "")
    rows = [
        (f"`{field}`", _type(value), value["description"]) for field, value in schema["properties"].items()
    ]
    yield from (table(("field", "type", "meaning"), rows), "")


def _type(schema: Json) -> str:
    """Return a schema in words, with a link to an object."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{value}`" for value in schema["enum"])
    if "anyOf" in schema:
        return " or ".join(_type(each) for each in schema["anyOf"])
    if schema["type"] == "array":
        return f"list of {_type(schema['items'])}"
    return str(schema["type"])


if __name__ == "__main__":
    print(json.dumps(read_document(), indent=2))
