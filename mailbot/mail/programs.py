"""How mail programs mark the answered mail in HTML: the classes and ids of the elements around and above it.

An element that holds nothing but the answered mail quotes it; one that stands above it, with the words of the writer
possibly inside what follows, is a separator or an attribution. A class that some programs put around both their quote
and answers within (`gmail_quote`, `protonmail_quote`) does not quote: the `blockquote` inside it does.
"""

from __future__ import annotations

from collections.abc import Mapping

_ATTRIBUTIONS = {"gmail_attr", "moz-cite-prefix"}
_QUOTING = {
    "yahoo_quoted",
    "yahoo-quoted",
    "tutanota_quote",
    "zmail_extra",
    "mail-quote-collapse",
    "front-blockquote",
    "missive_quote",
    "isreplycontent",  # 163.com
    "olk_src_body_section",  # Outlook for Mac
}
_SEPARATORS = {
    "divrplyfwdmsg",
    "appendonsend",
    "stopspelling",
    "ms-outlook-mobile-body-separator-line",
    "mail-editor-reference-message-container",
    "zwchr",
    "messagereplysection",
    "quoted_header_quality",
}


def is_quoting(attributes: Mapping[str, str]) -> bool:
    """Whether an element holds the answered mail, or the line that attributes it."""
    names = _names(attributes)
    return not (_QUOTING.isdisjoint(names) and _ATTRIBUTIONS.isdisjoint(names))


def is_separating(attributes: Mapping[str, str]) -> bool:
    """Whether the answered mail begins with an element."""
    return not _SEPARATORS.isdisjoint(_names(attributes))


def _names(attributes: Mapping[str, str]) -> set[str]:
    """The classes, the id and the name, as another program would have renamed them ("x_…") or not."""
    words = " ".join(attributes.get(key, "") for key in ("class", "id", "name")).lower()[:500].split()
    return {word.removeprefix("x_") for word in words}
