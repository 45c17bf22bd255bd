"""Patterns of admins: plain text is a word pattern, `/…/` is a regular expression (RE2, linear time)."""

from __future__ import annotations

from mailbot.triage.policy import Pattern


def compile_pattern(text: str) -> Pattern:
    """A case-insensitive pattern; ValueError says why `text` is none."""
    raise NotImplementedError
