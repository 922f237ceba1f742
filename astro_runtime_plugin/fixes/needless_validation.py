"""An airflow command does not validate what every provider says about itself, when the image's build has done so.

Each command that looks at the providers compares the information of each with a JSON schema, and imports the library
for that: a twelfth of the processor time of `airflow version`. The image has a list of what its build has validated.
What is not on it, as a provider that was installed later, or all with another schema, is validated as before.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, wraps
from types import ModuleType
from typing import Any

from astro_runtime_plugin.fixes.fix import WHOLE_MODULE, Fix, Patch
from astro_runtime_plugin.fixes.guard import attempt
from astro_runtime_plugin.fixes.support.valid_providers import digest, list_path, read_digests, read_schema

ID = "needless-validation"


class LateValidator:
    """The validator that `create` returns, created when it is used."""

    def __init__(self, create: Callable[[], Any]) -> None:
        self._create = create

    @cached_property
    def _validator(self) -> Any:
        return self._create()

    def __getattr__(self, name: str) -> Any:
        """Return an attribute of the validator."""
        return getattr(self._validator, name)


class ListValidator(LateValidator):
    """A validator that is used only for information whose digest is not listed."""

    def __init__(self, create: Callable[[], Any], digests: frozenset[str]) -> None:
        super().__init__(create)
        self._digests = digests

    def validate(self, info: Any) -> None:
        """Raise jsonschema's ValidationError if the information is invalid."""
        if not attempt(ID, False, self._is_listed, info):
            self._validator.validate(info)

    def _is_listed(self, info: Any) -> bool:
        return digest(info, self._schema) in self._digests

    @cached_property
    def _schema(self) -> bytes:
        return read_schema()


def use_list(create: Callable[[], Any]) -> Callable[[], Any]:
    """Wrap the function that creates the validator of providers' information."""

    @wraps(create)
    def create_with_list() -> Any:
        digests = read_digests(list_path())
        return ListValidator(create, digests) if digests else create()

    return create_with_list


def create_late(create: Callable[[], Any]) -> Callable[[], Any]:
    """Wrap the function that creates the validator of connections' forms, which most processes do not look at."""

    @wraps(create)
    def create_when_used() -> Any:
        return LateValidator(create)

    return create_when_used


VALIDATORS = {
    "_create_provider_info_schema_validator": use_list,
    "_create_customized_form_field_behaviours_schema_validator": create_late,
}


def wrap_validators(execute: Callable[[ModuleType], None]) -> Callable[[ModuleType], None]:
    """Wrap what executes a module with VALIDATORS, which Airflow's own start uses: a patch after that comes late."""

    def execute_and_wrap(module: ModuleType) -> None:
        execute(module)
        for name, wrap in VALIDATORS.items():
            setattr(module, name, wrap(getattr(module, name)))

    return execute_and_wrap


FIX = Fix(
    id=ID,
    title="An airflow command does not validate what the image's build has validated",
    symptom="Each airflow command takes about a tenth of a second of processor time more than it needs.",
    issue="",
    ends="Airflow validates a provider's information when the provider is installed.",
    patches=(
        Patch(
            "airflow.providers_manager",
            WHOLE_MODULE,
            ("88f01d7021097880", "644e973db1c5d42e"),
            wrap_validators,
        ),
        Patch(
            "airflow.sdk._shared.providers_discovery.providers_discovery",
            WHOLE_MODULE,
            ("4235fc5b2a60ecca",),
            wrap_validators,
            ("3.3",),
        ),
    ),
)
