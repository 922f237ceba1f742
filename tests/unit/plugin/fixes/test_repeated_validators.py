"""A union whose validator is kept validates, refuses and serializes as before."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field, TypeAdapter, ValidationError

from astro_runtime_plugin.fixes.repeated_validators import keep_adapters, keep_validator


class First(BaseModel):
    type: Literal["First"] = "First"
    number: int


class Second(BaseModel):
    type: Literal["Second"] = "Second"
    text: str


def union() -> Any:
    return Annotated[First | Second, Field(discriminator="type")]


@pytest.fixture
def union_with_validator() -> Any:
    kind = union()
    keep_validator(kind)
    return kind


def test_kept_validator_is_that_of_each_new_adapter(union_with_validator: Any) -> None:
    assert TypeAdapter(union_with_validator).validator is TypeAdapter(union_with_validator).validator
    assert TypeAdapter[Any](union_with_validator).serializer is TypeAdapter(union_with_validator).serializer


def test_kept_validator_validates_and_serializes_as_before(union_with_validator: Any) -> None:
    message = Second(text="a text")
    for adapter in TypeAdapter[Any](union()), TypeAdapter[Any](union_with_validator):
        assert adapter.validate_python({"type": "Second", "text": "a text"}) == message
        assert adapter.dump_json(message) == b'{"type":"Second","text":"a text"}'
        with pytest.raises(ValidationError, match="union_tag_invalid"):
            adapter.validate_python({"type": "Third"})


def test_kept_validator_leaves_types_alone_that_are_made_of_the_union(union_with_validator: Any) -> None:
    lists: list[Any] = [list[union_with_validator], list[union()]]  # type: ignore[misc]
    before, after = (TypeAdapter[Any](kind).json_schema() for kind in lists)
    assert before == after


def test_type_with_an_unknown_name_keeps_no_validator() -> None:
    kind = Annotated[list["Unknown"], Field()]  # type: ignore[name-defined]  # noqa: F821
    keep_validator(kind)
    assert not hasattr(kind, "__pydantic_validator__")


def test_adapter_of_a_type_is_made_once() -> None:
    names: dict[str, Any] = {"TypeAdapter": TypeAdapter}
    exec("def serialize(task): return TypeAdapter(int)", names)
    serialize: Any = keep_adapters(names["serialize"])
    adapter = serialize(None)
    assert adapter is serialize(None)
    assert isinstance(adapter, TypeAdapter)
    assert adapter.validate_python("1") == 1


def test_adapters_class_can_be_used_as_before() -> None:
    names: dict[str, Any] = {"TypeAdapter": TypeAdapter}
    exec("def serialize(task): return TypeAdapter[list[int]](list[int])", names)
    serialize: Any = keep_adapters(names["serialize"])
    assert serialize(None).validate_python(["1"]) == [1]
    assert isinstance(serialize(None), names["TypeAdapter"])
