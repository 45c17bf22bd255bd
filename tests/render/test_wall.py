"""The wall as a property: nothing of what is noted inside reaches a requester, and no token of a specialist does."""

from dataclasses import fields, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from mailbot.desk.outgoing import DECLARED, Outgoing, OutgoingKind, PublicView
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Entry, Side, State, Ticket, Visibility, public_entries
from mailbot.desk.views import public_view
from mailbot.mail.second_reading import read_texts
from mailbot.mail.tokens import Role
from mailbot.render.last_check import check
from mailbot.render.samples import SAMPLE_NOW, Variant, make_sample
from mailbot.render.token_scan import find_tokens
from mailbot.triage.assessment import Kind, Level, Priority
from tests.render.a_desk import KEYRING, POLICY, render

TO_REQUESTERS = [kind for kind in OutgoingKind if DECLARED[kind].side is Side.REQUESTER]
MARKERS = st.text("abcdefghijklmnopqrstuvwxyz0123456789äöü", min_size=12, max_size=24).map(lambda text: f"zq{text}qz")
AROUND = st.text(max_size=60)
SAYING = st.text(max_size=120)


def ticket_with(marker: str, state: State, words: str) -> tuple[Ticket, tuple[Entry, ...]]:
    """A ticket whose every internal corner holds the marker."""
    ticket = Ticket(
        number=1042,
        opened_at=SAMPLE_NOW,
        kind=Kind.INCIDENT,
        state=state,
        requester="mara@staff.example.org",
        requester_name="Mara",
        language="en",
        subject="Printer",
        group="printers",
        impact=Level.LOW,
        urgency=Level.LOW,
        priority=Priority.P4,
        owner=f"{marker}@staff.example.org",
        rule=marker,
        facts={marker: marker},
        disruption_words=(marker,),
        faq_entry=marker,
        config_hash=marker,
    )
    note = Entry(
        Side.GROUP, Visibility.INTERNAL, f"{marker}@staff.example.org", marker, f"{words} {marker}", SAMPLE_NOW, "note"
    )
    said = Entry(Side.GROUP, Visibility.PUBLIC, f"{marker}@staff.example.org", "Ann", words, SAMPLE_NOW)
    return ticket, (note, said, note)


@settings(max_examples=60)
@given(MARKERS, AROUND, SAYING, st.sampled_from(TO_REQUESTERS), st.sampled_from(State), st.sampled_from(["en", "de"]))
def test_a_marker_in_any_note_is_in_no_byte_of_a_mail_to_the_requester(
    marker: str, around: str, words: str, kind: OutgoingKind, state: State, language: str
) -> None:
    ticket, entries = ticket_with(marker, state, around)
    situation = Situation(now=SAMPLE_NOW, next_number=1043, ticket=ticket, entries=entries)
    view = replace(
        public_view(ticket, situation, None, POLICY), words=words, entries=public_entries(entries), faq_title="Try this"
    )
    assert marker not in repr(view)
    rendered = render(Outgoing(kind, ticket.requester, view, language, ticket.number, author=ticket.owner or ""))
    needle = marker.lower()
    assert not any(needle in text.lower() for text in read_texts(rendered.raw))
    assert marker.encode() not in rendered.raw


@settings(max_examples=60)
@given(MARKERS, AROUND, st.sampled_from([OutgoingKind.RELAY_TO_REQUESTER, OutgoingKind.REQUEST_TO_CONFIRM]))
def test_a_note_that_came_into_the_words_all_the_same_is_stopped(marker: str, around: str, kind: OutgoingKind) -> None:
    sample = make_sample(kind, Variant.SHORT, "en")
    assert isinstance(sample.view, PublicView)
    leaking = replace(sample, view=replace(sample.view, words=f"Hello, {marker} it is.\n{around}"))
    assert "words of an internal note" in check(render(leaking), leaking, POLICY, KEYRING, [marker])


@settings(max_examples=60)
@given(
    st.sampled_from(TO_REQUESTERS),
    st.sampled_from(Variant),
    st.sampled_from(["en", "de"]),
    st.integers(0, 1000),
    st.integers(1, 2**30),
    SAYING,
)
def test_no_byte_sent_to_a_requester_verifies_as_a_token_of_a_specialist(
    kind: OutgoingKind, variant: Variant, language: str, cycle: int, outbox_id: int, words: str
) -> None:
    sample = make_sample(kind, variant, language)
    assert isinstance(sample.view, PublicView)
    rendered = render(replace(sample, view=replace(sample.view, cycle=cycle, words=words)), outbox_id=outbox_id)
    found = {token for text in read_texts(rendered.raw) for _, token in find_tokens(text, KEYRING)}
    assert {token.role for token in found} == {Role.REQUESTER}
    assert all(token.is_for(sample.to, KEYRING) for token in found)


def test_a_public_view_has_no_room_for_what_is_internal() -> None:
    internal = {"ticket", "person", "facts", "reasons", "note", "detail", "author", "owner", "group", "receipt"}
    assert not internal & {field.name for field in fields(PublicView)}
