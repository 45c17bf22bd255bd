"""The whole decision trace of a mail, and no trace of it in the database."""

from __future__ import annotations

import pytest

from mailbot.daemon.explaining import explain
from tests.conversations.desk import Desk
from tests.conversations.people import Correspondent


def fingerprint(desk: Desk) -> object:
    """All rows that an explanation could have left behind."""
    with desk.database.read() as work:
        return (work.status(desk.clock.now()), work.inbox.lines(), work.outbox.lines(), work.tickets.find())


def test_an_incident_is_explained_from_evidence_to_outgoing_mail(desk: Desk, ann: Correspondent) -> None:
    raw = ann.composes("VPN is down", "The tunnel does not work.").as_bytes()
    before = fingerprint(desk)
    trace = explain(desk.parts, raw, "vpn.eml", desk.clock.now())
    assert fingerprint(desk) == before
    assert (trace.event, trace.disposition, trace.mail_class) == ("request_received", "done: opened", "human")
    assert trace.ticket is not None
    assert trace.ticket["group"] == "network"
    assert {(mail.kind, mail.state) for mail in trace.outgoing} == {
        ("acknowledgement", "ready"),
        ("hand_over", "ready"),
    }
    assert trace.deadlines[0].startswith("unclaimed at 2026-03-02T10:00")
    assert any(reason.because for reason in trace.reasons)


def test_a_reply_is_explained_on_its_ticket(desk: Desk, ann: Correspondent, sam: Correspondent) -> None:
    ann.writes("VPN is down", "The tunnel does not work.")
    letter = sam.gets("hand_over")
    reply = sam.composes(f"Re: {letter.subject}", "#resolve\nSolved.", to=letter.answer_to, answers=letter)
    raw = f"Authentication-Results: {reply['Authentication-Results']}\r\n".encode() + reply.as_bytes()
    trace = explain(desk.parts, raw, "reply.eml", desk.clock.now())
    assert trace.event == "specialist_commanded"
    assert trace.ticket is not None
    assert trace.ticket["state"] == "resolved"
    assert "auto_close once request_to_confirm is sent" in trace.deadlines
    assert desk.tickets()[0].state == "assigned"


def test_a_mail_of_our_own_is_explained_as_ignored(desk: Desk, ann: Correspondent) -> None:
    ann.writes("VPN is down", "The tunnel does not work.")
    ours = ann.gets("acknowledgement").envelope.raw
    assert explain(desk.parts, ours, "ours.eml", desk.clock.now()).disposition == "ignored: own mail"


@pytest.mark.parametrize("raw", [b"", b"\x00" * 100, b"not a mail", b"From: \r\n\r\n"])
def test_any_bytes_have_an_explanation(desk: Desk, raw: bytes) -> None:
    assert explain(desk.parts, raw, "noise", desk.clock.now()).disposition
