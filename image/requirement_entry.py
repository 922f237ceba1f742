"""What one logical line of requirements.txt means, and what of it a message may show."""

from __future__ import annotations

import re

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)

from image.dependency_files import Entry

# -r, -c and -e say what to install; every other option says how.
INSTALLS = re.compile(r"-[rce]\b|--(requirement|constraint)s?\b|--editable\b|[^-]")
PACKAGE = re.compile(r"-e\b|--editable\b|[^-]")
REQUIRE_HASHES = "--require-hashes"
EGG = re.compile(r"#(?:.*&)?egg=([\w.-]+)")
NAME = re.compile(r"[A-Za-z0-9][\w.-]*(?![\w.+-]*[:/])")
# Host and path of a URL, without its credentials, revision and fragment.
URL = re.compile(r"://(?:[^\s/]*@)?([^\s@#?]+)")


def is_option(entry: Entry) -> bool:
    """Whether the line says how to install rather than what."""
    return not INSTALLS.match(entry.text)


def lacks_name(entry: Entry) -> bool:
    """Whether the line asks for a package, such as a folder or a URL, without its name."""
    return bool(PACKAGE.match(entry.text)) and package_name(entry) is None


def has_hash(entry: Entry) -> bool:
    """Whether the line gives a hash for its package."""
    return " --hash" in entry.text


def requires_hashes(entry: Entry) -> bool:
    """Whether, as with pip, this line makes every package need a hash."""
    return has_hash(entry) or entry.text == REQUIRE_HASHES


def package_name(entry: Entry) -> str | None:
    """Return the normalised name of the package that the line asks for; None if the line does not contain it."""
    if requirement := _requirement(entry):
        return canonicalize_name(requirement.name)
    if egg := EGG.search(entry.text):
        return canonicalize_name(egg[1])
    file = re.split(r"[?#\s]", entry.text)[0].rpartition("/")[2]
    for parse in (parse_wheel_filename, parse_sdist_filename):
        try:
            return parse(file)[0]
        except (InvalidWheelFilename, InvalidSdistFilename):
            continue
    name = NAME.match(entry.text)  # of an invalid requirement, such as `apache-airflow=2.0`
    return canonicalize_name(name[0]) if name else None


def is_bare(entry: Entry) -> bool:
    """Whether the line accepts any version of its package."""
    requirement = _requirement(entry)
    return bool(requirement and not requirement.specifier and not requirement.url)


def url_location(entry: Entry) -> str | None:
    """Return the host and path of the URL in the line."""
    match = URL.search(entry.text)
    return match[1] if match else None


def describe(entry: Entry) -> str:
    """Return the line for a message, without URLs and options, which may hold a password."""
    requirement = _requirement(entry)
    if requirement and not requirement.url:
        return str(requirement)
    return requirement.name if requirement else "this line"


def _requirement(entry: Entry) -> Requirement | None:
    try:
        return Requirement(entry.text.partition(" --")[0])
    except InvalidRequirement:
        return None
