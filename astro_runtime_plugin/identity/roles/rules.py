"""Reads the document of `oidc_roles`: which values of which claims give which role, and which DAGs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from astro_runtime_plugin.identity.roles.claim_path import ClaimPath, path_problem
from astro_runtime_plugin.identity.roles.grant import ACCESS, ROLES, DagRule
from astro_runtime_plugin.identity.roles.role_rules import Condition, RoleRules, Rule

CLAIM, DAGS, VALUE = "claim", "dags", "value"
MAX_DOCUMENT = 1_000_000  # characters
DAG_PATTERN = re.compile(r"[\w.*?-]{1,250}")  # the characters of Airflow's DAG ids, and our wildcards
EXAMPLE = '{"claim": "groups", "Admin": ["airflow-admins"], "Viewer": ["*"]}'


class RulesError(ValueError):
    """The document cannot be used; the message says what is wrong, where, and what it must be."""


def parse_rules(text: str) -> RoleRules:
    """Read the document. Raises RulesError."""
    document = _object(_load(text), "the document")
    _refuse_others(document, (CLAIM, *ROLES, DAGS), "the document")
    paths = _paths(document[CLAIM], CLAIM) if CLAIM in document else ()
    rules = (*_role_rules(document, paths), *_dag_rules(document, paths))
    if not any(rule.conditions for rule in rules):
        raise RulesError(f"the document lets nobody in; it must give a role or DAGs, as in {EXAMPLE}")
    return RoleRules(rules)


def _load(text: str) -> Any:
    if len(text) > MAX_DOCUMENT:
        raise RulesError(f"the document must not be longer than {MAX_DOCUMENT:,} characters")
    try:
        return json.loads(text, object_pairs_hook=_unique)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise RulesError(
            f"the document is no JSON ({error.msg} in {where}); it must be like {EXAMPLE}"
        ) from None
    except RulesError:
        raise
    except (ValueError, RecursionError):  # a number of thousands of digits; brackets in brackets
        raise RulesError(f"the document cannot be read; it must be like {EXAMPLE}") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return the pairs of a JSON object, of which Python would drop the first of two with the same name."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise RulesError(f"{_quote(twice)} stands twice in the same object; it must stand once")
    return dict(pairs)


def _role_rules(document: dict[str, Any], paths: tuple[ClaimPath, ...]) -> Iterator[Rule]:
    for role in ROLES:
        if role in document:
            yield Rule(_conditions(document[role], role, paths), role=role)


def _dag_rules(document: dict[str, Any], paths: tuple[ClaimPath, ...]) -> Iterator[Rule]:
    for pattern, accesses in _object(document.get(DAGS, {}), DAGS).items():
        where = f"{DAGS}, {_quote(pattern)}"
        if not DAG_PATTERN.fullmatch(pattern):
            raise RulesError(
                f"{where}: a pattern must be a DAG's id, in which * is any characters and ? is one character"
            )
        _refuse_others(_object(accesses, where), ACCESS, where)
        for access in ACCESS:
            if access in accesses:
                conditions = _conditions(accesses[access], f"{where}, {access}", paths)
                yield Rule(conditions, dag=DagRule(pattern, access))


def _conditions(value: Any, where: str, paths: tuple[ClaimPath, ...]) -> tuple[Condition, ...]:
    return tuple(_condition(element, where, paths) for element in _list(value, where))


def _condition(value: Any, where: str, paths: tuple[ClaimPath, ...]) -> Condition:
    """Return the condition for a text, or for an object that names a claim of its own."""
    if isinstance(value, dict):
        _refuse_others(value, (CLAIM, VALUE), where)
        if len(value) < 2:
            raise RulesError(f'{where}: an object must be like {{"claim": "azp", "value": "my-client"}}')
        return Condition(_paths(value[CLAIM], f"{where}, {CLAIM}"), _text(value[VALUE], f"{where}, {VALUE}"))
    text = _text(value, where)
    if not paths:
        raise RulesError(
            f'"{CLAIM}" is missing; it must be the path of the claim in which {where} finds {_quote(text)}'
        )
    return Condition(paths, text)


def _paths(value: Any, where: str) -> tuple[ClaimPath, ...]:
    """Return the paths in a text or a list of texts."""
    texts = [_text(text, where) for text in (_list(value, where) if isinstance(value, list) else [value])]
    if not texts:
        raise RulesError(f"{where} must name a claim")
    for text in texts:
        if problem := path_problem(text):
            raise RulesError(f"{where}: {_quote(text)} {problem}")
    return tuple(ClaimPath(text) for text in dict.fromkeys(texts))


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value or value != value.strip() or not value.isprintable():
        raise RulesError(f"{where} must be a text without blanks around it, not {_quote(value)}")
    return value


def _list(value: Any, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise RulesError(f'{where} must be a list, such as ["airflow-admins"], not {_quote(value)}')
    return value


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise RulesError(f"{where} must be an object, such as {EXAMPLE}, not {_quote(value)}")
    return value


def _refuse_others(value: dict[str, Any], names: tuple[str, ...], where: str) -> None:
    other = next((name for name in value if name not in names), None)
    if other is not None:
        raise RulesError(f"{where} has {_quote(other)}, which is none of {', '.join(names)}")


def _quote(value: Any) -> str:
    """Return a value for a message: JSON in ASCII, so that a look-alike letter shows, and short."""
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:60] + "…"
