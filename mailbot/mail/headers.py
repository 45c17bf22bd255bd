"""The header block of a message or part (RFC 5322 2.2, RFC 2045, RFC 2231): fields, values and parameters.

Every field is kept, in order; folding is undone, and a line that is no field is skipped and noted instead of ending the
header, unless it plainly belongs to the body.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from mailbot.mail.charsets import clean, decode, decode_words
from mailbot.mail.limits import Budget

_FIELD = re.compile(rb"([!-9;-~]{1,200})[ \t]*:")
_LOOSE_FIELD = re.compile(rb"([^\s:][^:\r\n]{0,75}):(?!//)")
_NOT_BLANK = re.compile(rb"[^ \t\r\n]")
_BLANK_LINE = re.compile(rb"\n\r?\n")


@dataclass(frozen=True, slots=True)
class Fields:
    """The fields of one header: (lower-case name, undecoded text), in order."""

    items: tuple[tuple[str, str], ...] = ()

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of that name, undecoded."""
        return tuple(value for key, value in self.items if key == name)

    def first(self, name: str) -> str:
        """The first value of that name, undecoded, or ""."""
        return next((value for key, value in self.items if key == name), "")


def split_message(raw: bytes, budget: Budget, *, is_part: bool = False) -> tuple[Fields, bytes]:
    """(fields, body) of a message or part; a message without any field is all body."""
    position = 0 if is_part else _skip_envelope(raw)
    collected: list[tuple[bytes, list[bytes]]] = []
    block_end = position + budget.limits.header_block_bytes
    while position < len(raw):
        if position > block_end or len(collected) > budget.limits.headers:
            budget.note("header_too_long")
            return _fields(collected, budget), _body_after(raw, position)
        line_end = raw.find(b"\n", position)
        line_end = len(raw) if line_end < 0 else line_end
        line = raw[position:line_end].rstrip(b"\r")
        if not line:
            return _fields(collected, budget), raw[line_end + 1 :]
        if not _take_line(line, collected, budget) and not _resumes(raw, line_end + 1, collected):
            budget.note("header_ends_without_blank_line")
            return _fields(collected, budget), raw[position:]
        position = line_end + 1
    return _fields(collected, budget), b""


def _skip_envelope(raw: bytes) -> int:
    position = 3 if raw.startswith(b"\xef\xbb\xbf") else 0
    words = _NOT_BLANK.search(raw, position)
    position = words.start() if words else position
    if raw.startswith((b"From ", b">From "), position):
        position = raw.find(b"\n", position) + 1 or len(raw)
    return position


def _take_line(line: bytes, collected: list[tuple[bytes, list[bytes]]], budget: Budget) -> bool:
    if line[0] in b" \t":
        if collected:
            collected[-1][1].append(line)
        return bool(collected)
    found = _FIELD.match(line)
    if not found and collected and (found := _LOOSE_FIELD.match(line)):
        budget.note("odd_header_name")
    if found:
        collected.append((found[1], [line[found.end() :]]))
    return bool(found)


def _resumes(raw: bytes, position: int, collected: list[tuple[bytes, list[bytes]]]) -> bool:
    """Whether the header goes on after a line that is no field."""
    return bool(collected) and _FIELD.match(raw, position, position + 300) is not None


def _body_after(raw: bytes, position: int) -> bytes:
    found = _BLANK_LINE.search(raw, position)
    return raw[found.end() :] if found else b""


def _fields(collected: list[tuple[bytes, list[bytes]]], budget: Budget) -> Fields:
    items = []
    for name, lines in collected[: budget.limits.headers]:
        value = b"".join(lines)
        if len(value) > budget.limits.header_bytes:
            budget.note("header_field_too_long")
            value = value[: budget.limits.header_bytes]
        if b"\0" in value:
            budget.note("nul_in_header")
        items.append((decode(name.strip()).lower(), decode(value.replace(b"\r", b" ")).strip()))
    return Fields(tuple(items))


def readable(value: str) -> str:
    """A header value as a person reads it: encoded words decoded, on one line."""
    return clean(" ".join(decode_words(value).splitlines())).strip()


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
        text = re.sub(r'\\(["\\])', r"\1", found[2]) if found[2] is not None else found[3].strip().strip("'")
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
