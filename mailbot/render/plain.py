"""A manuscript as plain text: paragraphs wrapped for reading, words of people untouched."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping

from mailbot.render.manuscript import Manuscript, Piece, PieceKind
from mailbot.render.markdown import markdown_to_text

WIDTH = 76
_WIDEST_LABEL = 24


def to_text(manuscript: Manuscript) -> str:
    """The letter as text, ending with one line end."""
    parts: list[str] = []
    under_heading = False  # a heading stands right above what it names
    for piece in manuscript.pieces:
        text = _WRITERS[piece.kind](piece)
        if under_heading:
            parts[-1] += "\n" + text
        else:
            parts.append(text)
        under_heading = piece.kind is PieceKind.HEADING
    return "\n\n".join(parts) + "\n"


def _wrap(text: str, first: str = "", others: str = "") -> str:
    return textwrap.fill(
        text, WIDTH, initial_indent=first, subsequent_indent=others, break_long_words=False, break_on_hyphens=False
    )


def _table(rows: tuple[tuple[str, str], ...]) -> str:
    labels = [
        label if label.startswith("#") else f"{label}:" for label, _ in rows
    ]  # a command is written without a colon
    width = max((len(label) for label in labels if len(label) <= _WIDEST_LABEL), default=0)
    return "\n".join(_row(label, value, width) for label, (_, value) in zip(labels, rows, strict=True))


def _row(label: str, value: str, width: int) -> str:
    """A label and its value beside it, or below it where the label is too wide."""
    indent = " " * (width + 2)
    if len(label) > width:
        return f"{label}\n{_wrap(value, first=indent, others=indent)}"
    return _wrap(value, first=f"{label:<{width + 2}}", others=indent)


_WRITERS: Mapping[PieceKind, Callable[[Piece], str]] = {
    PieceKind.PARAGRAPH: lambda piece: _wrap(piece.text),
    PieceKind.MARKER: lambda piece: f"--- {piece.text} ---",
    PieceKind.HEADING: lambda piece: piece.text,
    PieceKind.WORDS: lambda piece: piece.text,
    PieceKind.QUOTE: lambda piece: piece.text,
    PieceKind.SIGNATURE: lambda piece: piece.text,
    PieceKind.MARKDOWN: lambda piece: markdown_to_text(piece.text),
    PieceKind.BULLETS: lambda piece: "\n".join(_wrap(item, first="- ", others="  ") for item in piece.items),
    PieceKind.TABLE: lambda piece: _table(piece.rows),
    PieceKind.CHOICES: lambda piece: "\n\n".join(f"{label}:\n{address}" for label, address in piece.rows),
    PieceKind.CODE: lambda piece: f"    {piece.text}",
    PieceKind.FOOTER: lambda piece: "\n".join(("—", *map(_wrap, piece.items))),
}
