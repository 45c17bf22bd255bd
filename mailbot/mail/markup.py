"""HTML as a stream of tags and texts.

Not `html.parser`: its passes over unclosed comments and tags are quadratic, and mail is hostile. Here every letter is
looked at a bounded number of times: a search that failed once is not tried again.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

_NAME = re.compile(r"/?([a-zA-Z][a-zA-Z0-9:-]{0,40})")
_ATTRIBUTE = re.compile(r"""([^\s=<>/"']{1,60})\s{0,20}(?:=\s{0,20}(?:"([^"]*)"|'([^']*)'|([^\s>"']*)))?""")
_ATTRIBUTE_LETTERS = 8_000  # of one tag; what is longer is an embedded image


@dataclass(frozen=True, slots=True)
class Tag:
    """A start or end tag; attribute names in lower case, values without entities."""

    name: str
    is_end: bool
    attributes: Mapping[str, str] = field(default_factory=dict)


def read_markup(source: str) -> Iterator[Tag | str]:
    """The tags and texts (entities resolved) of the source; comments, declarations and stray "<" are no tags."""
    return _Scanner(source).run()


class _Scanner:
    def __init__(self, source: str) -> None:
        self.source, self.position = source, 0
        self.absent: set[str] = set()  # strings that do not occur in the rest

    def find(self, wanted: str, start: int) -> int:
        if wanted in self.absent:
            return -1
        place = self.source.find(wanted, start)
        if place < 0:
            self.absent.add(wanted)
        return place

    def run(self) -> Iterator[Tag | str]:
        while self.position < len(self.source):
            opening = self.find("<", self.position)
            opening = len(self.source) if opening < 0 else opening
            if opening > self.position:
                yield html.unescape(self.source[self.position : opening])
            self.position = opening
            if opening < len(self.source):
                yield from self.markup()

    def markup(self) -> Iterator[Tag | str]:
        start = self.position
        if self.source.startswith("<!--", start):
            self.skip_past("-->", start + 4)
        elif self.source.startswith(("<!", "<?"), start):
            self.skip_past(">", start + 2)
        elif found := _NAME.match(self.source, start + 1):
            end = self.tag_end(found.end())
            self.position = end + 1
            name, is_end = found[1].lower(), self.source[start + 1] == "/"
            yield Tag(name, is_end, {} if is_end else _attributes(self.source[found.end() : end]))
            if name in ("style", "script", "title", "xml") and not is_end:
                self.skip_to_end_of(name)
        else:
            self.position = start + 1
            yield "<"

    def skip_past(self, wanted: str, start: int) -> None:
        end = self.find(wanted, start)
        if end < 0:  # never closed: what browsers do
            end = self.find(">", start)
            wanted = ">"
        self.position = end + len(wanted) if end >= 0 else len(self.source)

    def skip_to_end_of(self, name: str) -> None:
        if (end := self.find(f"</{name}", self.position)) < 0:
            end = self.find(f"</{name.upper()}", self.position)
        if end >= 0:
            self.position = end

    def tag_end(self, start: int) -> int:
        """The ">" that ends the tag: one inside a quoted attribute value does not."""
        position = start
        while True:
            end = self.find(">", position)
            end = len(self.source) if end < 0 else end
            quote = self.open_quote(position, end)
            closing = self.find(self.source[quote], max(quote + 1, end)) if quote >= 0 else -1
            if closing < 0:
                return end
            position = closing + 1

    def open_quote(self, start: int, end: int) -> int:
        """Where an attribute value opened before `end` that is not closed before it, or -1."""
        position = start
        while (equals := self.source.find("=", position, end)) >= 0:
            value = equals + 1
            while value < end and self.source[value] in " \t\r\n":
                value += 1
            if value < end and self.source[value] in "\"'":
                closing = self.source.find(self.source[value], value + 1, end)
                if closing < 0:
                    return value
                value = closing
            position = value + 1
        return -1


def _attributes(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for found in _ATTRIBUTE.finditer(text[:_ATTRIBUTE_LETTERS]):
        value = found[2] or found[3] or found[4] or ""
        values.setdefault(found[1].lower(), html.unescape(value))
    return values
