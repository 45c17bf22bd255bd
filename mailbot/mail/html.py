"""HTML of a mail -> text or harmless HTML; the only place that reads HTML."""

from __future__ import annotations


def to_text(html: str) -> str:
    """The words of an HTML body, quoted blocks as `> ` lines, links kept, what is hidden dropped."""
    raise NotImplementedError


def sanitise(html: str) -> str:
    """The HTML with nothing that acts, loads or hides."""
    raise NotImplementedError
