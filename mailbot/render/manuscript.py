"""A letter between template and mail: paragraphs and pieces, from which text and HTML are made alike.

A template reads like a plain letter. Its first line is the subject, its paragraphs stand between blank lines; what is
more than a paragraph (the words of somebody, a table, a list) is put in by a function, which leaves a mark in the text
and keeps the piece aside. So no value can end a paragraph or begin a piece: values inside of paragraphs are single
lines, and the mark cannot be written by hand.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

from markupsafe import Markup

from mailbot.render.values import to_line, to_lines


class PieceKind(StrEnum):
    """What a letter is made of."""

    PARAGRAPH = "paragraph"
    MARKER = "marker"  # "reply above this line"
    HEADING = "heading"
    WORDS = "words"  # what somebody wrote, untouched
    QUOTE = "quote"  # the same, set apart from the desk's own words around it
    MARKDOWN = "markdown"  # an FAQ entry
    BULLETS = "bullets"
    TABLE = "table"  # rows of (label, value)
    CHOICES = "choices"  # rows of (label, address of a link)
    CODE = "code"
    SIGNATURE = "signature"
    FOOTER = "footer"


@dataclass(frozen=True, slots=True)
class Piece:
    """One piece of a letter; which fields it uses depends on its kind."""

    kind: PieceKind
    text: str = ""
    items: tuple[str, ...] = ()
    rows: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Manuscript:
    """A letter as it was written; the subject is a single line."""

    subject: str
    pieces: tuple[Piece, ...]


_MARK = re.compile("\ue000([0-9]+)\ue001")
_PARAGRAPHS = re.compile(r"\n[ \t]*\n")


@dataclass(slots=True)
class Pieces:
    """The functions a template may call; an empty piece leaves no mark."""

    kept: list[Piece] = field(default_factory=list)

    def marker(self, text: str) -> Markup:
        """The line above which answers stand."""
        return self._keep(Piece(PieceKind.MARKER, to_line(plain(text))))

    def heading(self, text: str) -> Markup:
        """A line that names what follows."""
        line = to_line(plain(text))
        return self._keep(
            Piece(PieceKind.HEADING, line if not line or line.endswith(("?", "!", ".", ":")) else f"{line}:")
        )

    def words(self, text: str) -> Markup:
        """Somebody's own words."""
        return self._keep(Piece(PieceKind.WORDS, to_lines(plain(text))))

    def quote(self, text: str) -> Markup:
        """Somebody's own words among words of the desk."""
        return self._keep(Piece(PieceKind.QUOTE, to_lines(plain(text))))

    def markdown(self, text: str) -> Markup:
        """An FAQ entry."""
        return self._keep(Piece(PieceKind.MARKDOWN, to_lines(plain(text))))

    def bullets(self, items: Iterable[str]) -> Markup:
        """A list, a line each."""
        return self._keep(Piece(PieceKind.BULLETS, items=_lines(items)))

    def table(self, rows: Iterable[tuple[str, str]]) -> Markup:
        """Labels and values; rows without a value are left out."""
        return self._keep(Piece(PieceKind.TABLE, rows=_rows(rows)))

    def choices(self, rows: Iterable[tuple[str, str]]) -> Markup:
        """Links to choose from: (label, address)."""
        return self._keep(Piece(PieceKind.CHOICES, rows=_rows(rows)))

    def code(self, text: str) -> Markup:
        """A command line."""
        return self._keep(Piece(PieceKind.CODE, to_line(plain(text))))

    def signature(self, text: str) -> Markup:
        """The closing of a letter."""
        return self._keep(Piece(PieceKind.SIGNATURE, to_lines(plain(text))))

    def footer(self, items: Iterable[str]) -> Markup:
        """Small lines at the end."""
        return self._keep(Piece(PieceKind.FOOTER, items=_lines(items)))

    def _keep(self, piece: Piece) -> Markup:
        if not (piece.text or piece.items or piece.rows):
            return Markup("")
        self.kept.append(piece)
        return Markup(f"\n\n\ue000{len(self.kept) - 1}\ue001\n\n")


def plain(value: object) -> str:
    """The text of a value; what a macro wrote comes escaped."""
    return html.unescape(str(value)) if isinstance(value, Markup) else str(value)


def _lines(items: Iterable[str]) -> tuple[str, ...]:
    return tuple(line for item in items if (line := to_line(plain(item))))


def _rows(rows: Iterable[tuple[str, str]]) -> tuple[tuple[str, str], ...]:
    lines = ((to_line(plain(label)), to_line(plain(value))) for label, value in rows)
    return tuple((label, value) for label, value in lines if value)


def assemble(written: str, pieces: Pieces) -> Manuscript:
    """The manuscript of a rendered template; values in `written` are escaped as HTML."""
    subject, _, body = written.strip().partition("\n")
    return Manuscript(to_line(html.unescape(subject)), tuple(_join(_read(body, pieces.kept))))


def _read(body: str, kept: list[Piece]) -> Iterator[Piece]:
    for paragraph in _PARAGRAPHS.split(body):
        if mark := _MARK.fullmatch(paragraph.strip()):
            yield kept[int(mark[1])]
        elif line := to_line(html.unescape(paragraph)):
            yield Piece(PieceKind.PARAGRAPH, line)


def _join(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Lists and tables that a loop wrote a line at a time become one."""
    last: Piece | None = None
    for piece in pieces:
        if last is not None and last.kind is piece.kind and piece.kind in (PieceKind.BULLETS, PieceKind.TABLE):
            last = Piece(piece.kind, "", last.items + piece.items, last.rows + piece.rows)
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last
