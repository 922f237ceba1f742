"""Where in a token the values are: a claim's name, or a path such as `realm_access.roles`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

EACH = "*"  # a part of a path: every value of an object, every element of a list
MAX_PARTS = 20
SCOPES = ("scope", "scp")  # RFC 9068 and Entra ID: one string, words with blanks between them


@dataclass(frozen=True)
class ClaimPath:
    """A path of names, with dots between them, to a text or a list of texts."""

    text: str

    def values(self, claims: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the texts at this path, in the token's order; booleans and whole numbers as JSON writes them."""
        return tuple(text for value in _values_at(claims, self.text) for text in self._texts(value))

    def is_present(self, claims: Mapping[str, Any]) -> bool:
        """Whether there is anything at this path, also what is no text."""
        return next(_values_at(claims, self.text), None) is not None

    @property
    def first_name(self) -> str:
        """The name of the claim if it has no dots."""
        return self.text.partition(".")[0]

    def _texts(self, value: Any) -> list[str]:
        if isinstance(value, str) and self.text in SCOPES:
            return value.split()
        elements = value if isinstance(value, list) else [value]
        return [text for element in elements if (text := _as_text(element)) is not None]


def path_problem(text: str) -> str:
    """Return what a claim's path must be, as in `must not ...`; empty if it is one."""
    parts = text.split(".")
    if text != text.strip() or not text.isprintable() or "" in parts:
        return "must be names with dots between them, such as realm_access.roles"
    if len(parts) > MAX_PARTS:
        return f"must not have more than {MAX_PARTS} parts"
    if parts[0] == EACH:
        return "must not begin with *, which would let every claim count"
    if any(EACH in part and part != EACH for part in parts):
        return "must not contain * but as a whole part, as in resource_access.*.roles"
    return ""


def _values_at(value: Any, path: str) -> Iterator[Any]:
    """Yield what is at `path` below `value`.

    A name may have dots itself, such as Auth0's `https://example.com/roles`: the longest name that is there counts.
    """
    if not path:
        yield value
        return
    name, rest = _first_part(value, path)
    if name == EACH:
        for child in _children(value):
            yield from _values_at(child, rest)
    elif isinstance(value, Mapping) and name in value:
        yield from _values_at(value[name], rest)


def _first_part(value: Any, path: str) -> tuple[str, str]:
    """Return the name that leads on from `value`, and the path behind it."""
    if isinstance(value, Mapping):
        name = path
        while name:
            if name in value:
                return name, path[len(name) + 1 :]
            name = name.rpartition(".")[0]
    name, _, rest = path.partition(".")
    return name, rest


def _children(value: Any) -> list[Any]:
    if isinstance(value, Mapping):
        return list(value.values())
    return value if isinstance(value, list) else []


def _as_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if abs(value) < 10**18 else None
    return value if isinstance(value, str) and value else None
