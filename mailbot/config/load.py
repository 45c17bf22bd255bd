"""The way in: a folder of files becomes a `Snapshot`, or every mistake in it is reported at once."""

from __future__ import annotations

from pathlib import Path

from mailbot.config.findings import ConfigError, Finding, Severity
from mailbot.config.snapshot import Snapshot

__all__ = ["ConfigError", "Finding", "Severity", "Snapshot", "check", "load"]


def load(folder: Path) -> Snapshot:
    """The configuration of that folder, checked; raises ConfigError with all findings if one of them is an error."""
    raise NotImplementedError


def check(folder: Path, strict: bool = False) -> tuple[Finding, ...]:
    """Every finding, sorted by file and line; `strict` adds advice that a start does not wait for."""
    raise NotImplementedError
