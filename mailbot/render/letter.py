"""Outgoing data -> a letter: which values a template may see, and how they are written.

A template of the requester's side sees a `PublicView` and nothing else of the ticket: it cannot name what it has not.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Any

from jinja2 import Environment, Template
from markupsafe import Markup, escape

from mailbot.desk.outgoing import Outgoing
from mailbot.mail.tokens import Intent
from mailbot.render.manuscript import Manuscript, PieceKind, Pieces, assemble, plain
from mailbot.render.markdown import markdown_to_html
from mailbot.render.plain import to_text
from mailbot.render.values import LocalTime, to_local

# What a template may name; the phrases know `local` besides, the layout has names of its own.
NAMES = frozenset(
    {"view", "say", "desk", "cause", "deadline", "reference", "attached", "left_behind", "commands", "link"}
    | {kind.value for kind in PieceKind if kind is not PieceKind.PARAGRAPH}
)
LAYOUT_NAMES = frozenset({"subject", "pieces", "images", "language", "markdown_to_html", "words_to_html"})
LAYOUT = "_layout.html.j2"
PHRASES = "_phrases.j2"
REMARKS = "_remarks.j2"
MANUSCRIPT_CHARACTERS = 100_000  # words of people are not part of it
HTML_CHARACTERS = 4_000_000


class TooLong(ValueError):
    """A template wrote more than any letter needs."""


@dataclass(frozen=True, slots=True)
class DeskShown:
    """The desk as letters show it."""

    name: str
    organisation: str
    address: str
    phone: str = ""
    signature: str = ""
    silence_resolves: bool = False


@dataclass(frozen=True, slots=True)
class FileShown:
    """A file that travels with a mail, or one that stays behind; size 0 = not known."""

    name: str
    size_bytes: int
    image: str = ""  # content id of a picture to be shown
    foreign: bool = False  # it stays behind because it holds somebody else's token


@dataclass(frozen=True, slots=True)
class CommandShown:
    """A command as its registry declares it: `help` is English, other languages have their own."""

    name: str
    argument: str
    help: str


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What a letter needs besides its outgoing data; `link` makes a one-click answer of (intent, subject, text)."""

    desk: DeskShown
    now: datetime
    zone: tzinfo
    reference: str
    link: Callable[[Intent, str, str], str]
    deadline: datetime | None = None  # when silence has its effect
    attached: tuple[FileShown, ...] = ()
    left_behind: tuple[FileShown, ...] = ()
    commands: tuple[CommandShown, ...] = ()


@dataclass(frozen=True, slots=True)
class Letter:
    """A letter in both forms, and its subject as the template gives it."""

    subject: str
    text: str
    html: str


def write(environment: Environment, outgoing: Outgoing, circumstances: Circumstances) -> Letter:
    """The letter of `outgoing` in the language of `environment`; raises TemplateError where a template is wrong."""
    pieces = Pieces()
    template = environment.get_template(f"{outgoing.kind.value}.j2")
    values = gather_values(environment, outgoing, circumstances, pieces)
    manuscript = assemble(generate(template, values, MANUSCRIPT_CHARACTERS), pieces)
    return Letter(
        manuscript.subject, to_text(manuscript), to_html(environment, manuscript, circumstances, outgoing.language)
    )


def gather_values(
    environment: Environment, outgoing: Outgoing, circumstances: Circumstances, pieces: Pieces
) -> dict[str, Any]:
    """Every name that a template may use."""

    def local(moment: datetime) -> LocalTime:
        return to_local(moment, circumstances.now, circumstances.zone)

    def link(intent: str, subject: str, text: str) -> str:
        return circumstances.link(Intent(intent), plain(subject), plain(text))

    say = environment.get_template(PHRASES).make_module({"local": local})
    helps: Mapping[str, str] = getattr(say, "command_help", {})
    return {
        "view": outgoing.view,
        "say": say,
        "desk": circumstances.desk,
        "cause": outgoing.caused_by.value,
        "deadline": circumstances.deadline,
        "reference": circumstances.reference,
        "attached": circumstances.attached,
        "left_behind": circumstances.left_behind,
        "commands": tuple(
            (f"#{command.name} {command.argument.replace('|', ' | ')}".rstrip(), helps.get(command.name, command.help))
            for command in circumstances.commands
        ),
        "link": link,
        **{kind.value: getattr(pieces, kind.value) for kind in PieceKind if kind is not PieceKind.PARAGRAPH},
    }


def to_html(environment: Environment, manuscript: Manuscript, circumstances: Circumstances, language: str) -> str:
    """The letter as a page of HTML: everything in it escaped, except what the Markdown of an FAQ entry made."""
    values: Mapping[str, Any] = {
        "subject": manuscript.subject,
        "pieces": manuscript.pieces,
        "images": [file for file in circumstances.attached if file.image],
        "language": language,
        "markdown_to_html": lambda text: Markup(markdown_to_html(text)),  # its HTML is off
        "words_to_html": words_to_html,
    }
    return generate(environment.get_template(LAYOUT), values, HTML_CHARACTERS)


def words_to_html(text: str) -> Markup:
    """Somebody's words with their lines and their indentation, which mail programs would otherwise fold."""
    lines = (escape(line).replace("  ", "\u00a0 ") for line in text.split("\n"))
    return Markup("<br>\n").join(lines)


def generate(template: Template, values: Mapping[str, Any], characters: int) -> str:
    """What the template writes; raises TooLong instead of filling the memory."""
    parts, length = [], 0
    for part in template.generate(values):
        parts.append(part)
        length += len(part)
        if length > characters:
            raise TooLong(f"{template.name} writes more than {characters} characters")
    return "".join(parts)
