"""What one logical line of requirements.txt means, and what of it a message may show."""

from __future__ import annotations

import re
from dataclasses import dataclass

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from image.dependency_files import DependencyEntry
from image.requirement_options import (
    CONFIG_SETTINGS,
    CONSTRAINT,
    EDITABLE,
    HASH,
    OF_A_PACKAGE,
    REFUSED,
    REQUIRE_HASHES,
    REQUIREMENT,
    Option,
)

INSTALLS = {REQUIREMENT, CONSTRAINT, EDITABLE}  # what to install; every other option says how
VALUES = {HASH: re.compile("sha(256|384|512):"), CONFIG_SETTINGS: re.compile("[^=]+=")}
EGG = re.compile(r"[#&]egg=([\w.-]+)")
# The group keeps the longest name: trying shorter ones takes time that grows with the square of the length.
NAME = re.compile(r"(?=([A-Za-z0-9][\w.-]*))\1(?![\w.+-]*[:/])")
# Host and path of a URL, without its credentials, revision and fragment.
URL = re.compile(r"://(?:[^\s/]*@)?([^\s@#?]+)")


@dataclass(frozen=True)
class RequirementEntry(DependencyEntry):
    """One logical line: what it asks for, perhaps nothing, and its options, both with variables expanded.

    `text` is the line as it is written. `error` says why its options mean nothing; it is empty for most.
    """

    requirement: str = ""
    options: tuple[Option, ...] = ()
    error: str = ""


def values(entry: RequirementEntry, *names: str) -> list[str]:
    """Return the values of these options, in the order of the line."""
    return [option.value for option in entry.options if option.name in names]


def is_option(entry: RequirementEntry) -> bool:
    """Whether the line says how to install rather than what."""
    return not entry.requirement and all(option.name not in INSTALLS for option in entry.options)


def lacks_name(entry: RequirementEntry) -> bool:
    """Whether the line asks for a package, such as a folder or a URL, without its name."""
    return bool(_wanted(entry)) and package_name(entry) is None


def has_hash(entry: RequirementEntry) -> bool:
    """Whether the line gives a hash for its package."""
    return bool(values(entry, HASH))


def requires_hashes(entry: RequirementEntry) -> bool:
    """Whether, as with pip, this line makes every package need a hash."""
    return any(option.name in (HASH, REQUIRE_HASHES) for option in entry.options)


def option_problem(entry: RequirementEntry) -> str:
    """Return which option of the line cannot be honoured, and what to do; empty if all can."""
    if entry.error:
        return f"{entry.error}; write it as pip's documentation does, or delete it"
    for name, value in ((option.name, option.value) for option in entry.options):
        if name in VALUES and not VALUES[name].match(value):
            return f"the value of {name} must begin with {VALUES[name].pattern}"
        if name in REFUSED:
            return f"{name} cannot be honoured here; {REFUSED[name]}"
        if entry.requirement and name not in OF_A_PACKAGE:
            return f"{name} must be on a line of its own"
        if not _wanted(entry) and name in OF_A_PACKAGE:
            return f"{name} must follow a package"
    return ""


def package_name(entry: RequirementEntry) -> str | None:
    """Return the normalised name of the package that the line asks for; None if the line does not contain it."""
    if requirement := _requirement(entry):
        return canonicalize_name(requirement.name)
    wanted = _wanted(entry)
    if egg := EGG.search(wanted):
        return canonicalize_name(egg[1])
    file = re.split(r"[?#\s]", wanted)[0].rpartition("/")[2]
    for parse in (parse_wheel_filename, parse_sdist_filename):
        try:
            return parse(file)[0]
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
    name = NAME.match(wanted)  # of an invalid requirement, such as `apache-airflow=2.0`
    return canonicalize_name(name[0]) if name else None


def is_bare(entry: RequirementEntry) -> bool:
    """Whether the line accepts any version of its package."""
    requirement = _requirement(entry)
    return bool(requirement and not requirement.specifier and not requirement.url)


def url_location(entry: RequirementEntry) -> str | None:
    """Return the host and path of the URL in the line."""
    match = URL.search(entry.text)
    return match[1] if match else None


def describe(entry: RequirementEntry) -> str:
    """Return the line for a message, without URLs and options, which may hold a password."""
    requirement = _requirement(entry)
    if requirement and not requirement.url:
        return str(requirement)
    return requirement.name if requirement else "this line"


def _wanted(entry: RequirementEntry) -> str:
    return entry.requirement or next(iter(values(entry, EDITABLE)), "")


def _requirement(entry: RequirementEntry) -> Requirement | None:
    try:
        return Requirement(entry.requirement)
    except InvalidRequirement:
        return None
