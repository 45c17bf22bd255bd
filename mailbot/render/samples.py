"""Sample mails of every kind: what `mailbot check` writes to prove templates, and what the golden mails are made of.

People and texts are invented for this file.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.outgoing import (
    DECLARED,
    AlertView,
    Approver,
    Cause,
    InternalView,
    NoteCode,
    Outgoing,
    OutgoingKind,
    PublicView,
    Receipt,
    TermsShown,
)
from mailbot.desk.people import Person
from mailbot.desk.remarks import HoldCode, ProblemCode, RefusalCode, Remark, ResultCode
from mailbot.desk.ticket import Entry, PublicEntry, Side, State, Ticket, Visibility
from mailbot.triage.assessment import Disruption, Kind, Level, Priority

SAMPLE_NOW = datetime(2026, 11, 24, 9, 15, tzinfo=UTC)


class Variant(StrEnum):
    """The cases in which a letter may look wrong."""

    SHORT = "short"
    LONG = "long"
    NO_NAME = "no_name"
    RIGHT_TO_LEFT = "right_to_left"
    P1 = "p1"
    REQUEST = "request"


@dataclass(frozen=True, slots=True)
class Matter:
    """What one variant is about."""

    name: str = "Mara Lindqvist"
    subject: str = "Printer on the second floor is silent"
    words: str = "The printer next to the kitchen takes my jobs and prints nothing."
    answer: str = "Please switch it off and on once; I have cleared its queue."
    service: str = "Printing"
    kind: Kind = Kind.INCIDENT
    question: bool = False
    priority: Priority = Priority.P3
    missing: tuple[tuple[str, str], ...] = (("Device", "Which printer is it? Its name is on the label."),)
    facts: tuple[tuple[str, str], ...] = (("Place", "second floor, kitchen"),)
    terms: TermsShown | None = None


_LONG_LINE = (
    "I have tried it from my desk, from the meeting room and from the laptop of a colleague, always the same. " * 4
)
_LONG = Matter(
    name="Dr. Maximiliane Henrietta von Waldenburg-Hohenfels",
    subject="Since the weekend the shared calendar of our whole department loses every second appointment "
    "that was made on a phone",
    words=f"Hello,\n\n{_LONG_LINE}\n\n  1. open the calendar\n  2. wait\n\n" + "x" * 300 + f"\n\n{_LONG_LINE}\n" * 3,
    answer=f"We found the reason.\n\n{_LONG_LINE}\n\n    calendar --repair --verbose\n\n{_LONG_LINE}",
    service="Calendar and meeting rooms, including the displays beside the doors",
    missing=(
        ("Affected people", "Who is affected besides you, and since when? A rough answer is enough."),
        ("Device", "Which phone do you use, and which version of the calendar program?"),
    ),
    facts=(("Since", "Saturday"), ("Error", "appointment could not be merged " * 6)),
)
MATTERS: Mapping[Variant, Matter] = {
    Variant.SHORT: Matter(missing=(), facts=()),
    Variant.LONG: _LONG,
    Variant.NO_NAME: Matter(name="", service="", subject=""),
    Variant.RIGHT_TO_LEFT: Matter(
        name="ליאורה בן־דוד", subject="המדפסת לא עובדת", words="שלום, המדפסת בקומה 2 (HP-4100) לא מדפיסה.\nתודה, ליאורה"
    ),
    Variant.P1: Matter(
        subject="Nobody can telephone",
        words="All telephones in the building are dead since 10:05, the reception too!",
        service="Telephony",
        priority=Priority.P1,
        missing=(),
    ),
    Variant.REQUEST: Matter(
        subject="A second screen",
        words="Could I please have a second screen for my desk?",
        answer="Your screen is on its way and will be on your desk on Thursday.",
        service="Workplace equipment",
        kind=Kind.REQUEST,
        priority=Priority.P4,
        missing=(("Room", "Which room and desk shall it go to?"),),
        terms=TermsShown(
            "within 5 working days",
            "180 EUR to your cost centre",
            "room and desk number",
            Approver.MANAGER,
            "Jonas Petersen",
        ),
    ),
}
_FAQ = """Restart the **print queue**:

1. Open [My printers](https://intranet.example/printers) and choose yours.
2. Press *Clear queue*, then `Resume`.

Still nothing? Then it is the paper."""


def make_samples(language: str) -> Iterator[Outgoing]:
    """Mails of every kind in every variant and with everything that a note can be about."""
    for variant in Variant:
        yield from (make_sample(kind, variant, language) for kind in OutgoingKind)
    for kind in (OutgoingKind.NOTE_TO_GROUP, OutgoingKind.ALERT_TO_ADMINS, OutgoingKind.HAND_OVER):
        yield from (_with_note(make_sample(kind, Variant.SHORT, language), note) for note in NoteCode)
    for kind in (OutgoingKind.CLOSED, OutgoingKind.REOPENED):
        yield from (replace(make_sample(kind, Variant.LONG, language), cause=cause) for cause in Cause)
    for kind in (
        OutgoingKind.ACKNOWLEDGEMENT,
        OutgoingKind.CLARIFYING_QUESTION,
        OutgoingKind.FAQ_ANSWER,
        OutgoingKind.RECEIPT,
    ):
        yield from (_in_state(make_sample(kind, Variant.REQUEST, language), state) for state in State)
    question = make_sample(OutgoingKind.QUESTION_TO_SPECIALIST, Variant.LONG, language)
    yield _with_note(question, NoteCode.UNKNOWN_COLLEAGUE)
    yield alert_from_machine(language)


def alert_from_machine(language: str) -> Outgoing:
    """A hand-over that a monitoring system raised."""
    handed = make_sample(OutgoingKind.HAND_OVER, Variant.P1, language)
    assert isinstance(handed.view, InternalView)
    ticket = replace(handed.view.ticket, alert_key="disk full on files-2", alert_count=3)
    return replace(handed, view=replace(handed.view, ticket=ticket, person=Person("monitor@example.org", "Monitor")))


def _with_note(outgoing: Outgoing, note: NoteCode) -> Outgoing:
    assert isinstance(outgoing.view, InternalView | AlertView)
    return replace(outgoing, view=replace(outgoing.view, note=note))


def _in_state(outgoing: Outgoing, state: State) -> Outgoing:
    match outgoing.view:
        case PublicView() as view:
            return replace(outgoing, view=replace(view, state=state))
        case InternalView() as view:
            return replace(outgoing, view=replace(view, ticket=replace(view.ticket, state=state)))
        case _:
            return outgoing


def make_sample(kind: OutgoingKind, variant: Variant, language: str) -> Outgoing:
    """One mail of this kind."""
    matter = MATTERS[variant]
    match DECLARED[kind].side:
        case Side.REQUESTER:
            view = _public_view(kind, matter)
            arms = Arm(DeadlineKind.AUTO_CLOSE, cycle=view.cycle, business=timedelta(hours=40))
            return Outgoing(kind, "mara@staff.example.org", view, language, 1042, arms=arms)
        case Side.GROUP:
            shown = _internal_view(kind, matter)
            return Outgoing(kind, "printers@lists.example.org", shown, language, 1042, group="printers")
        case _:
            alert = AlertView(
                NoteCode.SET_ASIDE, "the parser ended twice (memory)", 1042, 77, "mailbot inbox release 77"
            )
            return Outgoing(kind, "root@example.org", alert, language, 1042)


def _public_view(kind: OutgoingKind, matter: Matter) -> PublicView:
    answered = kind is OutgoingKind.FAQ_ANSWER and matter.kind is Kind.REQUEST
    resolved = kind in (OutgoingKind.REQUEST_TO_CONFIRM, OutgoingKind.CLARIFYING_QUESTION)
    relayed = kind in (OutgoingKind.RELAY_TO_REQUESTER, OutgoingKind.REQUEST_TO_CONFIRM)
    return PublicView(
        number=1042,
        kind=matter.kind,
        question=matter.question,
        priority=matter.priority,
        state=State.ANSWERED if answered else State.RESOLVED if resolved else State.ASSIGNED,
        service=matter.service,
        greeting_name=matter.name,
        subject="" if kind is OutgoingKind.ACKNOWLEDGEMENT else matter.subject,
        words=_words_to_requester(kind, matter),
        faq_title="The printer prints nothing" if kind is OutgoingKind.FAQ_ANSWER else "",
        specialist_name="Ann Okafor" if relayed and matter.kind is Kind.REQUEST else "",
        missing=tuple(question for _, question in matter.missing),
        terms=matter.terms,
        response_due_at=SAMPLE_NOW + timedelta(hours=5, minutes=15),
        resolution_due_at=SAMPLE_NOW + timedelta(days=2),
        reopen_days=14,
        cycle=1,
        step=2 if kind is OutgoingKind.REMINDER and matter.priority is Priority.P1 else 1,
        entries=(
            PublicEntry(Side.GROUP, "Ann Okafor", "Which colour does its light have?", SAMPLE_NOW - timedelta(days=2)),
        ),
    )


def _words_to_requester(kind: OutgoingKind, matter: Matter) -> str:
    match kind:
        case OutgoingKind.FAQ_ANSWER:
            return _FAQ
        case OutgoingKind.REMINDER:
            return "" if matter.kind is Kind.REQUEST else "Which colour does its light have?"
        case OutgoingKind.RELAY_TO_REQUESTER | OutgoingKind.REQUEST_TO_CONFIRM:
            return matter.answer
        case _:
            return ""


def _words_to_specialists(kind: OutgoingKind, matter: Matter) -> str:
    if kind is OutgoingKind.QUESTION_TO_SPECIALIST:
        return matter.answer
    return "" if kind is OutgoingKind.RECEIPT else matter.words


def _internal_view(kind: OutgoingKind, matter: Matter) -> InternalView:
    ticket = _ticket(matter)
    note = NoteCode.HELD_RELAY if kind is OutgoingKind.QUESTION_TO_SPECIALIST else NoteCode.CLOSED_BY_REQUESTER
    noted = kind in (OutgoingKind.QUESTION_TO_SPECIALIST, OutgoingKind.NOTE_TO_GROUP)
    person = Person(
        ticket.requester, matter.name, "+49 30 555 0123", "Accounting", "Berlin, house 2", source="directory"
    )
    return InternalView(
        ticket=ticket,
        person=person if matter.name else Person(ticket.requester),
        group="Printers and copiers",
        service=matter.service,
        author=ticket.requester,
        author_name=matter.name,
        words=_words_to_specialists(kind, matter),
        entries=_entries(matter) if matter is _LONG and kind is OutgoingKind.HAND_OVER else (),
        terms=matter.terms,
        facts=(*matter.facts, *((label, "") for label, _ in matter.missing)),
        suggestions=(("printer-silent", "The printer prints nothing", 0.82), ("paper-jam", "Paper is stuck", 0.41)),
        receipt=_receipt(matter) if kind is OutgoingKind.RECEIPT else (),
        why=Remark(HoldCode.DOUBTFUL_CUT) if kind is OutgoingKind.QUESTION_TO_SPECIALIST and matter is _LONG else None,
        note=note if noted else None,
        held_row=77 if kind is OutgoingKind.QUESTION_TO_SPECIALIST else None,
    )


def _receipt(matter: Matter) -> tuple[Receipt, ...]:
    if matter is not _LONG:
        return (Receipt("#priority P2", Remark(ResultCode.PRIORITY_CHANGED, "P3 → P2"), done=True),)
    return (
        Receipt("#asign network", Remark(ProblemCode.UNKNOWN_COMMAND, "#assign"), done=False),
        Receipt("#priority P2", Remark(RefusalCode.OTHER_LINE), done=False),
    )


def _entries(matter: Matter) -> tuple[Entry, ...]:
    first = Entry(Side.REQUESTER, Visibility.PUBLIC, "mara@staff.example.org", matter.name, matter.words, SAMPLE_NOW)
    note = Entry(
        Side.GROUP, Visibility.INTERNAL, "ann@example.org", "Ann Okafor", "Looks like the old driver.", SAMPLE_NOW
    )
    text = f"#priority P2: {Remark(ResultCode.PRIORITY_CHANGED, 'P3 → P2')}"
    command = replace(note, text=text, what="command")
    return first, note, command


def _ticket(matter: Matter) -> Ticket:
    return Ticket(
        number=1042,
        opened_at=SAMPLE_NOW,
        kind=matter.kind,
        state=State.ASSIGNED,
        requester="mara@staff.example.org",
        requester_name=matter.name,
        language="en",
        subject=matter.subject,
        group="printers",
        impact=Level.HIGH if matter.priority is Priority.P1 else Level.LOW,
        urgency=Level.HIGH if matter.priority is Priority.P1 else Level.MEDIUM,
        priority=matter.priority,
        question=matter.question,
        service="printing",
        cycle=1,
        disruption=Disruption.YES,
        disruption_words=("silent", "nothing comes out") if matter is _LONG else ("silent",),
        rule="Printers" if matter.service else None,
        affected=12 if matter is _LONG else None,
        response_due_at=SAMPLE_NOW + timedelta(hours=5, minutes=15),
        resolution_due_at=SAMPLE_NOW + timedelta(days=2),
    )
