"""The digest of a function: the same for a file and a loaded module, and different for every other text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from astro_runtime_plugin.fixes.source import file_digest, function_digest
from tests.unit.plugin.fixes import victim

COMMENT = "    # a comment at the end"


def attribute(module: Any, name: str) -> Any:
    value = module
    for part in name.split("."):
        value = vars(value)[part]
    return value.fget if isinstance(value, property) else getattr(value, "__func__", value)


@pytest.mark.parametrize("name", victim.CALLS)
def test_file_and_loaded_function_have_the_same_digest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    path = victim.write(tmp_path)
    module = victim.load(tmp_path, monkeypatch)
    assert file_digest(str(path), name) == function_digest(attribute(module, name))


@pytest.mark.parametrize(
    ("before", "after", "changed"),
    [
        ('text = """', 'text = """other', {"function"}),
        ('return "stock"  # the end', 'return "stock"', {"function"}),
        (COMMENT, "    # another comment at the end", {"function"}),
        (COMMENT, f"{COMMENT}\n\n", set()),
        ("# a comment between functions", "other = 1", set()),
        ("@decorate\n@decorate", "@decorate", {"decorated"}),
        ("NO_FUNCTION = 1", "", set()),
        ("        def inside():", "        def inside(one=1):", {"Class.static"}),
        ("class Class:", "class Class(object):", set()),
        ("@property", "@property  # it is", {"Class.value"}),
    ],
)
def test_only_the_text_of_the_function_counts(
    tmp_path: Path, before: str, after: str, changed: set[str]
) -> None:
    path = str(victim.write(tmp_path))
    digests = {name: file_digest(path, name) for name in victim.CALLS}
    assert victim.SOURCE.count(before) == 1
    victim.write(tmp_path, victim.SOURCE.replace(before, after))
    assert {name for name in digests if file_digest(path, name) != digests[name]} == changed


@pytest.mark.parametrize("name", ["missing", "Class.missing", "Missing.method", "NO_FUNCTION"])
def test_function_that_is_not_in_the_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(LookupError, match=f"^'{name}'$"):
        file_digest(str(victim.write(tmp_path)), name)


def test_file_without_text_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "victim.pyc"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="codec"):
        file_digest(str(path), "function")


def test_file_that_has_become_shorter_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = victim.write(tmp_path)
    module = victim.load(tmp_path, monkeypatch)
    path.write_text("")
    with pytest.raises(IndexError):
        function_digest(module.function)
