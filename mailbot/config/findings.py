"""What is wrong with the configuration, as values: where it stands, what it is and how to mend it.

Everything that is wrong is reported at once, so that an admin mends a configuration in one go. A finding reads

    config/routing.toml:14: rule "VPN": unknown group "netwrok"; did you mean "network"?
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error keeps the configuration from being used, a warning does not (except for `check --strict`)."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One mistake: `line` is 0 where it concerns the whole file, `key` is the path of the setting ("rules.3.group")."""

    file: str
    line: int
    key: str
    message: str
    remedy: str = ""
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        """The finding as an admin reads it."""
        place = f"{self.file}:{self.line}" if self.line else self.file
        warning = "warning: " if self.severity is Severity.WARNING else ""
        return f"{place}: {warning}{self.message}" + (f"; {self.remedy}" if self.remedy else "")


class ConfigError(Exception):
    """The configuration cannot be used; it is the admin's to mend. Warnings come along, behind what stops it."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        told = sorted(self.findings, key=lambda finding: finding.severity is not Severity.ERROR)
        super().__init__("\n".join(map(str, told)))


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The remedy for a name that does not exist: the nearest one, else all that there are."""
    names = sorted(set(known))
    folded = {name.casefold(): name for name in names}
    if near := difflib.get_close_matches(word.casefold(), list(folded), n=1, cutoff=0.6):
        return f'did you mean "{folded[near[0]]}"?'
    if 0 < len(names) <= 20:
        return "known: " + ", ".join(names)
    return ""
