"""A web server does not validate Airflow's own descriptions of its API against the schema of OpenAPI.

The web server of Airflow 2 describes its API in two documents. Connexion validates each against the schema of OpenAPI,
a tenth of what the creation of the web application takes. The documents are the same at each start, and are known to be
valid: their digests are here. Any other document is validated as before.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from hashlib import sha256
from typing import Any

from astro_runtime_plugin.fixes.fix import Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt

ID = "needless-spec-validation"
# By the first 16 digits of the SHA-256 of a document as JSON with sorted keys.
VALID = {
    "c48f3c8a4fcfd033": "Airflow API (Stable) of Airflow 2.11.2",
    "be62b3bdecf61d1e": "Flask App Builder User & Role API of its FAB provider",
}
CreateValidator = Callable[[dict[str, Any]], Any]


class Approval:
    """Takes the place of a validator's class for a document that is valid."""

    def __init__(self, schema: Any) -> None:
        pass

    def validate(self, document: Any) -> None:
        """Find no fault."""


def approve_valid(create: CreateValidator) -> CreateValidator:
    """Wrap `create_spec_validator`, which returns the class of a document's validator."""

    @wraps(create)
    def create_spec_validator(spec: dict[str, Any]) -> Any:
        return Approval if attempt(ID, False, is_known_valid, spec) else create(spec)

    return create_spec_validator


def is_known_valid(document: dict[str, Any]) -> bool:
    """Whether this is one of the documents known to be valid."""
    text = json.dumps(document, sort_keys=True, default=str)
    return sha256(text.encode()).hexdigest()[:16] in VALID


FIX = Fix(
    id=ID,
    title="A web server does not validate Airflow's own descriptions of its API against the schema of OpenAPI",
    symptom="A web server takes longer to start than it needs to.",
    issue="",
    ends="Airflow 2.11 is no longer supported.",
    patches=(
        Patch("connexion.spec", "create_spec_validator", ("a225bb7fcd82ee66",), approve_valid, ("2.11",)),
    ),
)
