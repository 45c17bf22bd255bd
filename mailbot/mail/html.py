"""HTML of a mail -> text, or HTML that is harmless to show; the only place that reads HTML.

The text keeps what a person saw: blocks as lines, quoted blocks as `> ` lines, the target of a link behind its words.
What was hidden (style, script, `display:none`, preheaders) is dropped, since words that nobody saw must not steer a
ticket.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import nh3

from mailbot.mail.markup import Tag, read_markup
from mailbot.mail.programs import is_quoting, is_separating

_VOID = {"br", "hr", "img", "input", "meta", "link", "col", "area", "base", "wbr", "source", "embed", "param", "track"}
_BLOCK = {"p", "div", "table", "tr", "ul", "ol", "dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "pre", "center",
          "form", "section", "article", "header", "footer", "address", "figure", "fieldset", "body", "main", "aside",
          "nav", "tbody", "thead", "caption", "blockquote", "li"}  # fmt: skip
_SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "blockquote", "pre"}
_DROPPED = {"style", "script", "head", "title", "template", "noscript", "object", "svg", "select", "xml"}
_HIDDEN = re.compile(
    r"display\s{0,3}:\s{0,3}none|visibility\s{0,3}:\s{0,3}hidden|mso-hide\s{0,3}:\s{0,3}all"
    r"|(?:opacity|max-height)\s{0,3}:\s{0,3}0(?:\.0{1,4})?(?:px|%|em)?\s{0,3}(?:;|!|$)",
    re.IGNORECASE,
)
_SIZE = re.compile(r"(?:^|[;\s])font-size\s{0,3}:\s{0,3}([\d.]{1,8})", re.IGNORECASE)
_SEPARATOR = "_" * 32
_SPACE = re.compile(r"[ \t\r\n\f]+")
_DEPTH_AT_MOST = 500
_LETTERS_AT_MOST = 2_000_000


def to_text(html: str) -> str:
    """The words of an HTML body, quoted blocks as `> ` lines, links kept, what is hidden dropped."""
    writer = _Writer()
    for item in read_markup(html[:_LETTERS_AT_MOST]):
        if isinstance(item, str):
            writer.text(item)
        elif item.is_end:
            writer.close(item.name)
        else:
            writer.open(item)
    return writer.finish()


@dataclass(slots=True)
class _Open:
    """An element whose end has not come: whether it hides or quotes, and where its link's words begin."""

    name: str
    hides: bool = False
    quotes: bool = False
    target: str = ""
    is_tiny: bool = False  # letters of no size, unless an element inside gives them one
    number: int = 0  # of the next item of a numbered list, 0: not numbered
    words: list[str] = field(default_factory=list)


class _Writer:
    """Builds the lines; `depth` counts the quoting elements around, `hidden` the hiding ones."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.stack: list[_Open] = []
        self.depth = self.hidden = self.verbatim = 0

    # ------------------------------------------------------------ what comes in

    def text(self, text: str) -> None:
        if self.hidden or not text or (self.stack and self.stack[-1].is_tiny):
            return
        if self.verbatim:
            first, *rest = text.replace("\r\n", "\n").split("\n")
            self.line.append(first)
            for line in rest:
                self.end_line()
                self.line.append(line)
            return
        text = _SPACE.sub(" ", text.replace("\xa0", " ").replace("\u200b", "").replace("\ufeff", ""))
        if not self.line:
            text = text.lstrip(" ")
        if text:
            self.line.append(text)
            if self.stack and (link := self.link()):
                link.words.append(text)

    def open(self, tag: Tag) -> None:
        if tag.name == "body":  # a head that was never closed hides nothing
            self.close("head")
        if tag.name in ("p", "li") and self.stack and self.stack[-1].name == tag.name:
            self.pop()  # its end tag may be left out
        if not self.hidden:
            self.begin(tag)
        if tag.name in _VOID or len(self.stack) >= _DEPTH_AT_MOST:
            return
        quotes = tag.name == "blockquote" or is_quoting(tag.attributes)
        element = _Open(tag.name, _hides(tag), quotes, tag.attributes.get("href", "") if tag.name == "a" else "")
        element.is_tiny = _is_tiny(tag, self.stack[-1].is_tiny if self.stack else False)
        element.number = tag.name == "ol"
        self.stack.append(element)
        self.depth += element.quotes
        self.hidden += element.hides
        self.verbatim += tag.name == "pre"

    def close(self, name: str) -> None:
        """Close the innermost open element of that name, with all inside it; a stray end tag closes nothing."""
        for place in range(len(self.stack) - 1, max(-1, len(self.stack) - 100), -1):
            if self.stack[place].name == name:
                while len(self.stack) > place:
                    self.pop()
                return

    def finish(self) -> str:
        self.end_line()
        while self.lines and not self.lines[-1].strip("> "):
            self.lines.pop()
        return "\n".join(self.lines).strip("\n")

    # ------------------------------------------------------------ elements

    def begin(self, tag: Tag) -> None:
        match tag.name:
            case "br":
                self.end_line()
            case "hr":
                self.separate()
            case "img":
                self.image(tag.attributes)
            case "td" | "th" if self.line:
                self.line.append("\t")
            case "li":
                self.end_block()
                self.line.append(self.bullet())
            case name if name in _BLOCK:
                self.end_block()
            case _:
                pass
        if is_separating(tag.attributes) and tag.name != "hr":
            self.separate()

    def pop(self) -> None:
        element = self.stack.pop()
        if not self.hidden and element.name == "a":
            self.end_link(element)
        if not self.hidden and element.name in _BLOCK:
            self.end_block()
        self.depth -= element.quotes
        self.hidden -= element.hides
        self.verbatim -= element.name == "pre"
        if not self.hidden and element.name in _SPACED and self.lines and self.lines[-1].strip("> "):
            self.lines.append(self.prefix().rstrip())

    def bullet(self) -> str:
        """What stands before an item: its number, or a star."""
        lists = [element for element in self.stack[-20:] if element.name in ("ol", "ul")]
        indent = "  " * max(0, len(lists) - 1)
        if not lists or not lists[-1].number:
            return f"{indent}* "
        lists[-1].number += 1
        return f"{indent}{lists[-1].number - 1}. "

    def link(self) -> _Open | None:
        return next((element for element in self.stack[-4:] if element.target), None)

    def end_link(self, element: _Open) -> None:
        target, words = element.target.strip(), "".join(element.words).strip()
        bare = target.removeprefix("mailto:").rstrip("/")
        if target.lower().startswith(("http", "mailto:")) and words and not _is_same(words, bare):
            self.line.append(f" <{target}>" if len(target) <= 500 else " <…>")

    def image(self, attributes: Mapping[str, str]) -> None:
        words = " ".join(attributes.get("alt", "").split())
        if words and not _HIDDEN.search(attributes.get("style", "")):
            self.text(f"[image: {words[:200]}]")

    def separate(self) -> None:
        self.end_block()
        self.line.append(_SEPARATOR)
        self.end_line()

    # ------------------------------------------------------------ lines

    def prefix(self) -> str:
        return "> " * min(self.depth, 20)

    def end_block(self) -> None:
        if "".join(self.line).strip():
            self.end_line()
        else:
            self.line.clear()

    def end_line(self) -> None:
        line = "".join(self.line).rstrip()
        self.line.clear()
        if line or (self.lines and self.lines[-1].strip("> ")):  # at most one blank line in a row
            self.lines.append((self.prefix() + line).rstrip())


def _is_same(words: str, target: str) -> bool:
    def bare(text: str) -> str:
        return text.lower().removeprefix("https://").removeprefix("http://").rstrip("/")

    return bare(words) == bare(target)


def _hides(tag: Tag) -> bool:
    if tag.name in _DROPPED or "hidden" in tag.attributes:
        return True
    return _HIDDEN.search(tag.attributes.get("style", "")) is not None


def _is_tiny(tag: Tag, around: bool) -> bool:
    """Whether letters have no size: templates set it to nothing around columns, and to something inside again."""
    found = _SIZE.search(tag.attributes.get("style", "")[:2_000])
    return around if found is None else not found[1].strip("0.")


# ---------------------------------------------------------------- harmless HTML

_TAGS = {"a", "b", "blockquote", "br", "code", "div", "em", "h1", "h2", "h3", "h4", "hr", "i", "img", "li", "ol", "p",
         "pre", "s", "span", "strong", "sub", "sup", "table", "tbody", "td", "th", "thead", "tr", "u",
         "ul"}  # fmt: skip
_ATTRIBUTES = {"a": {"href"}, "img": {"src", "alt"}, "td": {"colspan", "rowspan"}, "th": {"colspan", "rowspan"}}


def sanitise(html: str) -> str:
    """The HTML with nothing that acts, loads or hides: a short list of tags and attributes."""
    return nh3.clean(
        html,
        tags=_TAGS,
        clean_content_tags={"script", "style", "title", "template"},
        attributes=_ATTRIBUTES,
        attribute_filter=_allowed,
        url_schemes={"http", "https", "mailto", "cid"},
        link_rel="noopener noreferrer",
    )


def _allowed(tag: str, attribute: str, value: str) -> str | None:
    if (tag, attribute) == ("img", "src"):
        return value if value.lower().startswith("cid:") else None
    if attribute == "href":
        return value if value.lower().startswith(("http://", "https://", "mailto:")) else None
    return value
