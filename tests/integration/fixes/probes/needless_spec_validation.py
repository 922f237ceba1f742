"""Which documents connexion validates against the schema of OpenAPI, and what becomes of Airflow's and of others."""

from __future__ import annotations

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import airflow
from airflow.utils.yaml import safe_load
from airflow.www.app import cached_app
from connexion import spec
from connexion.exceptions import InvalidSpecification

from testing.proof import report

DOCUMENT = Path(airflow.__file__).parent / "api_connexion/openapi/v1.yaml"
validated: list[str] = []
extend = spec.extend_validator


def extend_validator(base: Any, keywords: dict[str, Any]) -> Any:
    """Note each document that is validated."""
    validator = extend(base, keywords)
    validate = validator.validate

    def validate_and_note(self: Any, document: Any) -> None:
        validated.append(document["info"]["title"])
        validate(self, document)

    validator.validate = validate_and_note
    return validator


spec.extend_validator = extend_validator


def load(change: Callable[[Any], Any]) -> str:
    """Return what becomes of Airflow's document after a change: a digest, or the error's name."""
    document = safe_load(DOCUMENT.read_text())
    change(document)
    try:
        loaded = spec.Specification.from_dict(document)
    except InvalidSpecification as error:
        return type(error).__name__
    return sha256(json.dumps([loaded.raw, dict(loaded)], default=str).encode()).hexdigest()


cached_app()
at_start = [*validated]
loaded = load(lambda document: None)
validated.clear()
changed = load(lambda document: document["info"].update(title="Another API"))
invalid = load(lambda document: document.update(paths=3))
report(
    {
        "at start": at_start,
        "loaded": loaded,
        "changed": changed,
        "invalid": invalid,
        "validated later": validated,
    }
)
