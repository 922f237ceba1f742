"""Where the rules come from: the setting itself, or a file that is read again when it changes."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable

from astro_runtime_plugin.identity.roles.role_rules import RoleRules
from astro_runtime_plugin.identity.roles.rules import MAX_DOCUMENT, RulesError, parse_rules

log = logging.getLogger("astro_runtime")
CHECK_SECONDS = 5.0
Stamp = tuple[int, int, int]


class RulesSource:
    """The rules of the setting `oidc_roles`: JSON, or the path of a file with it."""

    def __init__(self, setting: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._path = "" if is_document(setting) else setting.strip()
        self._setting = setting
        self._clock = clock
        self._rules: RoleRules | None = None
        self._stamp: Stamp | None = None
        self._checked_at = 0.0
        self._warning = ""

    def current(self) -> RoleRules:
        """Return the rules; of a file that has become unusable those that it had before, with one warning.

        Raises RulesError if there never were usable ones.
        """
        if self._rules is None:
            self._rules = self._read() if self._path else parse_rules(self._setting)
            self._checked_at = self._clock()
        elif self._path and self._clock() - self._checked_at >= CHECK_SECONDS:
            self._checked_at = self._clock()
            self._refresh()
        return self._rules

    def _refresh(self) -> None:
        try:
            if self._file_stamp() != self._stamp:
                self._rules = self._read()
                log.info("The rules of [astro_runtime] oidc_roles were read again from %s", self._path)
            self._warning = ""
        except RulesError as error:
            self._warn(str(error))

    def _warn(self, problem: str) -> None:
        if problem != self._warning:
            self._warning = problem
            log.warning("[astro_runtime] oidc_roles: %s; the rules from before stay in force", problem)

    def _read(self) -> RoleRules:
        """Read the file, and remember what it looked like before; so a change meanwhile is seen the next time."""
        stamp = self._file_stamp()
        try:
            with open(self._path, encoding="utf-8-sig") as file:
                text = file.read(MAX_DOCUMENT + 1)
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        try:
            rules = parse_rules(text)
        except RulesError as error:
            raise RulesError(f"{self._path}: {error}") from None
        self._stamp = stamp
        return rules

    def _file_stamp(self) -> Stamp:
        try:
            status = os.stat(self._path)
        except (OSError, ValueError) as error:
            raise self._unreadable(error) from None
        return status.st_mtime_ns, status.st_size, status.st_ino

    def _unreadable(self, error: Exception) -> RulesError:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        return RulesError(
            f"{self._path!r} cannot be read ({reason}); it must be JSON, or the path of a file with it"
        )


def is_document(setting: str) -> bool:
    """Whether the setting is JSON itself, rather than a file's path."""
    return setting.lstrip().startswith(("{", "["))
