"""FAQ entries: Markdown (CommonMark) -> HTML and text. HTML inside of the Markdown stays text; no image is loaded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

_READER = MarkdownIt("commonmark", {"html": False}).disable("image")


def markdown_to_html(source: str) -> str:
    """Safe HTML: tags come from the Markdown alone, links only to http(s) and mailto."""
    return str(_READER.render(source))


def markdown_to_text(source: str) -> str:
    """The entry as a plain letter would write it: lists with dashes or numbers, links with their address behind."""
    writer = _Writer()
    for token in _READER.parse(source):
        writer.take(token)
    return "\n".join(writer.lines).strip("\n")


@dataclass(slots=True)
class _Writer:
    """The lines so far; `counters` has one entry an open list (None: bullets), `lead` begins the next line."""

    lines: list[str] = field(default_factory=list)
    counters: list[int | None] = field(default_factory=list)
    lead: str = ""

    def take(self, token: Token) -> None:
        """One token of the Markdown reader; those that say nothing to a reader of text are passed over."""
        if token.type in ("ordered_list_open", "bullet_list_open"):
            self.counters.append(int(token.attrs.get("start", 1)) if token.type.startswith("ordered") else None)
        elif token.type in ("ordered_list_close", "bullet_list_close"):
            self.counters.pop()
            self.end_block()
        elif token.type == "list_item_open":
            self.lead = _item_lead(self.counters)
        elif token.type == "inline":
            self.lines.append(_indent(_inline(token.children or ()), self.lead, self.counters))
            self.lead = ""
            self.end_block()
        elif token.type in ("fence", "code_block"):
            self.lines += [_indent(token.content.rstrip("\n"), "    ", self.counters), ""]

    def end_block(self) -> None:
        """A blank line after what stands outside of lists."""
        if not self.counters:
            self.lines.append("")


def _item_lead(counters: list[int | None]) -> str:
    number = counters[-1]
    if number is None:
        return "- "
    counters[-1] = number + 1
    return f"{number}. "


def _indent(text: str, lead: str, counters: Sequence[int | None]) -> str:
    outer = "   " * (len(counters) - 1 if lead else len(counters)) if counters else ""
    first, *rest = text.split("\n")
    return "\n".join((outer + lead + first, *(outer + " " * len(lead) + line for line in rest)))


def _inline(tokens: Sequence[Token]) -> str:
    text, address, label_start = "", "", 0
    for token in tokens:
        if token.type in ("text", "code_inline"):
            text += token.content
        elif token.type in ("softbreak", "hardbreak"):
            text += "\n"
        elif token.type == "link_open":
            address, label_start = str(token.attrs.get("href", "")), len(text)
        elif token.type == "link_close":
            plain = address.removeprefix("mailto:")
            text += "" if text[label_start:] in {address, plain} else f" ({plain})"
    return text
