"""Answers as Thunderbird, Roundcube, mutt and s-nail wrote them: each joins its ticket, and its words are found.

| program | does |
|---|---|
| Thunderbird | the tag inside an encoded word; words below the quoted mail, and a signature below them |
| Roundcube | the tag inside an encoded word; words above |
| mutt | everything as in the book; words above |
| s-nail | answers the sender and not Reply-To; quotes with tabs, header and all; attaches the original |
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from mailbot.desk.ticket import Side
from tests.conversations.conftest import admin, desk, requester, specialist
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, Thread
from tests.conversations.scenes import in_progress, resolved
from tests.stories.samples import about

__all__ = ["admin", "desk", "requester", "specialist"]  # fixtures


@dataclass(frozen=True)
class Program:
    """A mail program's answer: who wrote it in the sample, the words, and whether their cut is beyond doubt."""

    file: str
    sender: tuple[str, str]
    words: str
    sure: bool


PROGRAMS = (
    Program("thunderbird-plain-1.eml", ("Thea Bird", "tb@bot.test"), "On it - Zofie from Thunderbird ěšč.", False),
    Program("roundcube-1.eml", ("", "rc@bot.test"), "On it, Roundcube ěšč.", True),
    Program("mutt-1.eml", ("Spec One", "s1@bot.test"), "On it, bude to za hodinu.", True),
    Program("s-nail-1.eml", ("Spec One", "s1@bot.test"), "On it - bude to za hodinu.", True),
)


@pytest.fixture(params=PROGRAMS, ids=lambda program: program.file.rpartition("-")[0])
def program(request: pytest.FixtureRequest) -> Program:
    program: Program = request.param
    return program


@dataclass
class Answer:
    """Writes the sample of the program about a letter of ours."""

    folder: Path
    program: Program

    def __call__(self, person: Correspondent, letter: Letter, change: Callable[[bytes], bytes] = bytes) -> None:
        name, address = self.program.sender
        renamed = {address: person.address, **({name: person.name} if name else {})}
        raw = change(about((self.folder / self.program.file).read_bytes(), letter, renamed))
        result = "Authentication-Results: mx.corp.example; dmarc=pass header.from=corp.example\r\n"
        person.desk.receives(result.encode() + raw)


@pytest.fixture
def answer(shared: Path, program: Program) -> Answer:
    return Answer(shared / "samples" / "clients", program)


def said(thread: Thread, side: Side) -> str:
    """The newest words of that side on the ticket."""
    return [entry.text for entry in thread.desk.entries(thread.number) if entry.side is side][-1]


def test_the_requester_joins_the_ticket_and_the_group_gets_the_words(
    program: Program, answer: Answer, requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    answer(requester, requester.inbox[-1])
    assert thread.desk.mails_in()[0].ticket == thread.number
    letter = specialist.gets("relay_to_group")
    assert letter.says(program.words)
    assert program.words in said(thread, Side.REQUESTER)
    assert len(thread.desk.tickets()) == 1


def test_an_answer_to_the_request_to_confirm_does_not_get_lost(
    program: Program, answer: Answer, requester: Correspondent, specialist: Correspondent
) -> None:
    """It confirms nothing: the desk asks, or the group learns of it."""
    thread, question = resolved(requester, specialist)
    answer(requester, question)
    assert program.words in said(thread, Side.REQUESTER)
    assert thread.state != "closed"


def test_a_specialist_reaches_the_requester_or_is_asked_at_once(
    program: Program, answer: Answer, requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    answer(specialist, next(letter for letter in specialist.inbox if letter.kind == "hand_over"))
    assert thread.desk.mails_in()[0].ticket == thread.number
    if not program.sure:
        assert specialist.gets("question_to_specialist").says(program.words, "#send")
        requester.gets_nothing()
        return
    letter = requester.gets("relay_to_requester")
    assert letter.says(program.words)
    assert letter.text.count("On it") == 1
    assert not letter.says("Drucker")
    assert not letter.attachments


def without_references(raw: bytes) -> bytes:
    """The mail of a program that breaks threads: only its subject, and where it goes, still tell."""
    lines, skipping = [], False
    head, blank, body = raw.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        skipping = line.lower().startswith((b"in-reply-to:", b"references:")) or (skipping and line[:1] in b" \t")
        if not skipping:
            lines.append(line)
    return b"\r\n".join(lines) + blank + body


def to_the_sender(raw: bytes) -> bytes:
    """The mail of a program that ignores Reply-To."""
    address = raw.partition(b"support+")[2].partition(b"@")[0]
    return raw.replace(b"support+" + address, b"support") if address else raw


def test_the_tag_in_the_subject_is_enough_where_nothing_else_is_left(
    answer: Answer, requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    answer(requester, requester.inbox[-1], lambda raw: to_the_sender(without_references(raw)))
    assert thread.desk.mails_in()[0].ticket == thread.number


def test_the_references_are_enough_where_reply_to_is_ignored_and_the_subject_is_new(
    answer: Answer, requester: Correspondent, specialist: Correspondent
) -> None:
    thread = in_progress(requester, specialist)
    answer(requester, requester.inbox[-1], lambda raw: to_the_sender(new_subject(raw)))
    assert thread.desk.mails_in()[0].ticket == thread.number


def new_subject(raw: bytes) -> bytes:
    head, blank, body = raw.partition(b"\r\n\r\n")
    start = head.index(b"Subject:")
    end = start
    while (end := head.find(b"\r\n", end + 1)) != -1 and head[end + 2 : end + 3] in b" \t":
        pass
    return head[:start] + b"Subject: another matter" + (head[end:] if end != -1 else b"") + blank + body
