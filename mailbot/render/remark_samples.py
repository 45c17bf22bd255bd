"""Sample mails that say everything the desk can remark on: a receipt with a line for each code, and what goes along."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from mailbot.desk.outgoing import (
    DECLARED,
    AlertView,
    Approver,
    InternalView,
    NoteCode,
    Outgoing,
    OutgoingKind,
    PublicView,
    Receipt,
)
from mailbot.desk.remarks import CODES, Code, HoldCode, ProblemCode, RefusalCode, Remark, ResultCode
from mailbot.desk.ticket import Side, State, WaitingFor
from mailbot.render.samples import Variant, make_sample

_VALUES: Mapping[Code, str] = {
    ResultCode.HANDED_OVER: "Network",
    ResultCode.OWNED: "Ann Okafor",
    ResultCode.PRIORITY_CHANGED: "P3 → P2",
    ResultCode.WAITS_UNTIL: "2026-12-01",
    ResultCode.WAITS_FOR: WaitingFor.VENDOR,
    ResultCode.RESTORED: State.IN_PROGRESS,
    ResultCode.HELD_SENT: "77",
    ResultCode.HELD_ACCEPTED: "77",
    ResultCode.HELD_REJECTED: "77",
    RefusalCode.WRONG_STATE: State.CLOSED,
    RefusalCode.IN_NO_GROUP: "gil@example.org",
    RefusalCode.NEEDS_ACCEPT: "eve@elsewhere.example",
    ProblemCode.NO_ASSIGNEE: "network, printers",
    ProblemCode.UNKNOWN_GROUP: "network",
    ProblemCode.OUTSIDER: "eve@elsewhere.example",
    ProblemCode.NOT_FUTURE: "2026-11-02",
    ProblemCode.TOO_FAR: "2028-01-31",
    ProblemCode.MISSPELT: "#resolve",
    ProblemCode.UNKNOWN_COMMAND: "#assign",
    HoldCode.FORGED: "ann@example.org",
    HoldCode.OTHER_ADDRESS: "eve@elsewhere.example",
    HoldCode.FORMER_SPECIALIST: "bo@example.org",
    HoldCode.NO_PERSON: "Contact form",
}


def make_remark_samples(language: str) -> Iterator[Outgoing]:
    """Every remark, as receipts, questions and alerts carry it, and every mail that may not arrive."""
    yield all_remarks(language)
    for waiting_for in WaitingFor:
        yield _receipt(language, (Receipt("#wait", Remark(ResultCode.WAITS_FOR, waiting_for), done=True),))
    for code in HoldCode:
        question = make_sample(OutgoingKind.QUESTION_TO_SPECIALIST, Variant.SHORT, language)
        alert = make_sample(OutgoingKind.ALERT_TO_ADMINS, Variant.SHORT, language)
        assert isinstance(question.view, InternalView)
        assert isinstance(alert.view, AlertView)
        yield replace(question, view=replace(question.view, why=_remark(code)))
        yield replace(alert, view=replace(alert.view, why=_remark(code)))
    for kind, declared in DECLARED.items():
        if declared.side is Side.REQUESTER:
            yield undelivered(kind, language)
    yield from (unnamed_approver(approver, language) for approver in Approver)


def all_remarks(language: str) -> Outgoing:
    """A receipt with a line for each code: the catalogue of a language at one glance."""
    lines = (Receipt(code.value, _remark(code), done=isinstance(code, ResultCode)) for code in CODES)
    return _receipt(language, tuple(lines))


def undelivered(kind: OutgoingKind, language: str) -> Outgoing:
    """What a group is told when that mail did not reach the requester."""
    note = make_sample(OutgoingKind.NOTE_TO_GROUP, Variant.SHORT, language)
    assert isinstance(note.view, InternalView)
    detail = "mara@staff.example.org: 5.1.1 Undelivered Mail Returned to Sender"
    return replace(note, view=replace(note.view, note=NoteCode.UNREACHABLE, undelivered=kind, words="", detail=detail))


def unnamed_approver(approver: Approver, language: str) -> Outgoing:
    """A request that somebody must approve who cannot be named."""
    request = make_sample(OutgoingKind.ACKNOWLEDGEMENT, Variant.REQUEST, language)
    assert isinstance(request.view, PublicView)
    assert request.view.terms is not None
    terms = replace(request.view.terms, approval=approver, approver="")
    return replace(request, view=replace(request.view, state=State.WAITING, terms=terms))


def _receipt(language: str, lines: tuple[Receipt, ...]) -> Outgoing:
    receipt = make_sample(OutgoingKind.RECEIPT, Variant.SHORT, language)
    assert isinstance(receipt.view, InternalView)
    return replace(receipt, view=replace(receipt.view, receipt=lines))


def _remark(code: Code) -> Remark:
    return Remark(code, _VALUES.get(code, ""))
