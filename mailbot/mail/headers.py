"""The header block of a message or part (RFC 5322 2.2, RFC 2045, RFC 2231): fields, values and parameters.

Every field is kept, in order; folding is undone, and a line that is no field is skipped and noted instead of ending the
header, unless it plainly belongs to the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from urllib.parse import unquote_to_bytes

from mailbot.mail.charsets import clean, decode, decode_unlabelled, decode_words
from mailbot.mail.limits import Budget

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_WHOLE_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:([^\n]*\n?(?:[ \t][^\n]*\n?)*)")
_LOOSE_FIELD = re.compile(rb"([^\s:][^:\r\n]{0,75}):(?!//)([^\n]*\n?(?:[ \t][^\n]*\n?)*)")
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_EMPTY_LINE = re.compile(rb"\r*(?:\n|\Z)")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_CHARSET = re.compile(rb"charset\s{0,5}=\s{0,5}[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_CHARSET_REACH_BYTES = 20_000  # how far into a mail its charset is looked for


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one header: (lower-case name, undecoded text), in order."""

    items: tuple[tuple[str, str], ...] = ()
    _named: dict[str, tuple[str, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, value in self.items:
            self._named[name] = (*self._named.get(name, ()), value)

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that name, undecoded."""
        return self._named.get(name, ())

    def first(self, name: str) -> str:
        """The first value of that name, undecoded, or ""."""
        values = self._named.get(name)
        return values[0] if values else ""


def split_message(raw: bytes, budget: Budget, *, is_part: bool = False) -> tuple[Fields, bytes]:
    """(fields, body) of a message or part; a message without any field is all body."""
    position = 0 if is_part else _skip_envelope(raw)
    collected: list[tuple[bytes, bytes]] = []
    block_end = position + budget.limits.header_block_bytes
    body = b""
    while position < len(raw):
        if position > block_end or len(collected) > budget.limits.headers:
            budget.note("header_too_long")
            body = _body_after(raw, position - 1)
            break
        if found := _WHOLE_FIELD.match(raw, position):
            collected.append((found[1], found[2]))
            position = found.end()
        elif empty := _EMPTY_LINE.match(raw, position):
            body = raw[empty.end() :]
            break
        else:
            position, ended = _odd_line(raw, position, collected, budget)
            if ended:
                body = raw[position:]
                break
    return _fields(collected, raw, budget), body


def _skip_envelope(raw: bytes) -> int:
    position = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    words = _NOT_BLANK.search(raw, position)
    position = words.start() if words else position
    if raw.startswith((b"From ", b">From "), position):
        position = raw.find(b"\n", position) + 1 or len(raw)
    return position


def _odd_line(raw: bytes, start: int, collected: list[tuple[bytes, bytes]], budget: Budget) -> tuple[int, bool]:
    """(where to read on, whether the body begins there) at a line that neither is a field nor goes on with one."""
    if collected and (found := _LOOSE_FIELD.match(raw, start)):
        budget.note("odd_header_name")
        collected.append((found[1], found[2]))
        return found.end(), False
    line_end = raw.find(b"\n", start) + 1 or len(raw)
    if collected and _FIELD.match(raw, line_end, line_end + 300):
        return line_end, False
    budget.note("header_ends_without_blank_line")
    return start, True


def _body_after(raw: bytes, position: int) -> bytes:
    found = _BLANK_LINE.search(raw, position)
    return raw[found.end() :] if found else b""


def _charset_around(raw: bytes) -> str:
    """The charset that a message names first: the best guess for raw bytes in its fields."""
    found = _CHARSET.search(raw, 0, _CHARSET_REACH_BYTES)
    return found[1].decode("ascii", "replace") if found else ""


def _fields(collected: list[tuple[bytes, bytes]], raw: bytes, budget: Budget) -> Fields:
    items = []
    for name, lines in collected[: budget.limits.headers]:
        value = lines.replace(b"\r\n", b"").replace(b"\n", b"")
        if len(value) > budget.limits.header_bytes:
            budget.note("header_field_too_long")
            value = value[: budget.limits.header_bytes]
        items.append((_name_of(name), _text_of(value, raw, budget).strip()))
    return Fields(tuple(items))


@lru_cache(maxsize=1_024)
def _name_of(name: bytes) -> str:
    return decode(name.strip()).lower()


def _text_of(value: bytes, raw: bytes, budget: Budget) -> str:
    if b"\0" in value:
        budget.note("nul_in_header")
    text = decode(value) if value.isascii() else decode_unlabelled(value, _charset_around(raw))
    return text.replace("\r", " ") if "\r" in text else text


def readable(value: str) -> str:
    """A header value as a person reads it: encoded words decoded, on one line."""
    if "=?" in value:
        value = decode_words(value)
    elif value.isprintable():
        return value.strip()
    return clean(" ".join(value.splitlines())).strip()


def without_comments(value: str) -> str:
    """The value without its (comments), RFC 5322 3.2.2."""
    if "(" not in value:
        return value.strip()
    kept, depth, quoted, escaped = [], 0, False, False
    for letter in value:
        quoted = quoted != (letter == '"' and depth == 0 and not escaped)
        depth += (letter == "(" and not quoted) - (letter == ")" and not quoted and depth > 0)
        escaped = letter == "\\" and quoted and not escaped
        if depth == 0 and (letter != ")" or quoted):
            kept.append(letter)
    return "".join(kept).strip()


# ---------------------------------------------------------------- parameters

_PARAMETER = re.compile(r'\s*([^\s=;"]{1,100})\s*=\s*(?:"((?:[^"\\]|\\.)*)"?|([^;]*))[^;]*;?', re.DOTALL)
_QUOTED_PAIR = re.compile(r'\\(["\\])')  # others are left, since programs write the paths of Windows unquoted
_SECTION = re.compile(r"([^*]+)(?:\*(\d{1,3}))?(\*)?\Z")


def parameters(value: str, budget: Budget) -> tuple[str, Mapping[str, str]]:
    """(main value in lower case, its parameters) of a Content-Type or Content-Disposition."""
    main, _, rest = value.partition(";")
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    position = count = 0
    while position < len(rest):
        found = _PARAMETER.match(rest, position)
        if not found or found.end() == position:
            position = rest.find(";", position) + 1 or len(rest)
            continue
        position, count = found.end(), count + 1
        if count > budget.limits.parameters:
            budget.note("too_many_parameters")
            break
        text = _QUOTED_PAIR.sub(r"\1", found[2]) if found[2] is not None else found[3].strip().strip("'")
        _add_section(sections, found[1].lower(), text)
    return without_comments(main).strip().lower(), {name: _assemble(parts) for name, parts in sections.items()}


def _add_section(sections: dict[str, dict[int, tuple[str, bool]]], name: str, text: str) -> None:
    found = _SECTION.match(name)
    if found:
        number = int(found[2]) if found[2] else 0
        sections.setdefault(found[1], {}).setdefault(number, (text, bool(found[3])))


def _assemble(parts: dict[int, tuple[str, bool]]) -> str:
    if not any(encoded for _, encoded in parts.values()):
        return readable("".join(parts[number][0] for number in sorted(parts)))
    charset = ""
    content = b""
    for number in sorted(parts):
        text, encoded = parts[number]
        if encoded and number == min(parts) and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        content += unquote_to_bytes(text) if encoded else text.encode()
    return decode(content, charset or "utf-8").strip()
