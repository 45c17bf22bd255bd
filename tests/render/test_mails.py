"""The envelope of what leaves: who it is from, how its answer finds back, and what machines are told."""

import email
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest

from mailbot.desk.outgoing import DECLARED, MailClass, NoteCode, OutgoingKind
from mailbot.desk.policy import Delivery, Identity, Limits
from mailbot.desk.ticket import AttachmentRef, Side
from mailbot.mail.tokens import (
    Intent,
    Role,
    find_footers,
    find_subject_tags,
    plus_part,
    read_bounce,
    read_token,
    sign_message_id,
)
from mailbot.render.mails import Rendered
from mailbot.render.samples import SAMPLE_NOW, Variant, make_sample
from tests.render.a_desk import KEYRING, POLICY, RENDERER, REQUESTER, render, with_view

KINDS = list(OutgoingKind)
ROLES = {Side.REQUESTER: Role.REQUESTER, Side.GROUP: Role.SPECIALIST, Side.ADMIN: Role.ADMIN}


def read(rendered: Rendered) -> EmailMessage:
    return email.message_from_bytes(rendered.raw, policy=policy.default)


def text_of(rendered: Rendered, subtype: str = "plain") -> str:
    part = read(rendered).get_body((subtype,))
    assert part is not None
    return str(part.get_content())


@pytest.mark.parametrize("kind", KINDS)
def test_every_carrier_of_a_mail_states_the_same_ticket_role_and_recipient(kind: OutgoingKind) -> None:
    outgoing = make_sample(kind, Variant.SHORT, "en")
    rendered = render(outgoing)
    message = read(rendered)
    audience = "group:printers" if outgoing.group else outgoing.to
    carriers = (
        plus_part(message["reply-to"].addresses[0].addr_spec),
        rendered.message_id,
        *find_footers(rendered.text),
    )
    assert len(carriers) == 3
    for carrier in carriers:
        reading = read_token(carrier, KEYRING)
        assert reading is not None
        assert reading.token is not None
        assert (reading.token.ticket, reading.token.role) == (1042, ROLES[outgoing.declared.side])
        assert reading.token.is_for(audience, KEYRING)
        assert reading.token.expires == (SAMPLE_NOW + timedelta(days=400)).date()
    assert find_subject_tags(message["subject"], KEYRING) == ((1042, True),)


@pytest.mark.parametrize("kind", KINDS)
def test_bounces_come_back_to_the_row(kind: OutgoingKind) -> None:
    assert read_bounce(render(make_sample(kind, Variant.SHORT, "en"), outbox_id=4711).mail_from, KEYRING) == 4711


def test_a_server_that_insists_on_one_sender_gets_one() -> None:
    plain = replace(POLICY, delivery=Delivery(verp=False))
    rendered = render(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), policy=plain)
    assert rendered.mail_from == "support@example.org"


def test_a_short_alias_takes_the_tokens_where_there_is_one() -> None:
    short = replace(POLICY, identity=replace(POLICY.identity, token_base="it@example.org"))
    rendered = render(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), policy=short)
    assert read(rendered)["reply-to"].addresses[0].addr_spec.startswith("it+r")
    assert rendered.mail_from.startswith("it+b")
    assert read(rendered)["from"].addresses[0].addr_spec == "support@example.org"


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_a_machine_wrote_says_so(kind: OutgoingKind) -> None:
    message = read(render(make_sample(kind, Variant.SHORT, "en")))
    declared = DECLARED[kind]
    answer = "auto-replied" if declared.class_ is MailClass.B else "auto-generated"
    assert message["auto-submitted"] == (answer if declared.automatic else None)
    assert message["x-auto-response-suppress"] == ("DR, RN, NRN, OOF, AutoReply" if declared.automatic else None)
    assert message["x-loop"] == "example-desk"


def test_a_specialist_is_named_only_where_the_view_names_them() -> None:
    relay = make_sample(OutgoingKind.RELAY_TO_REQUESTER, Variant.SHORT, "en")
    assert str(read(render(relay))["from"].addresses[0].display_name) == "IT Support"
    named = read(render(with_view(relay, specialist_name="Ann Okafor")))
    assert str(named["from"].addresses[0].display_name) == "Ann Okafor (IT Support)"


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Printer is silent", "Re: Printer is silent"),
        ("Re: AW: Printer is silent [#7-aaaaaaaa]", "Re: Printer is silent"),
        ("Reset my password", "Re: Reset my password"),
        ("", "Your incident is closed"),
        ("Ask ann@staff.example.org", "Your incident is closed"),  # an address of a specialist would stop the mail
        ("a\r\nBcc: eve@evil.example", "Re: a Bcc: eve@evil.example"),
    ],
)
def test_the_subject_is_theirs_where_it_may_be_used(theirs: str, ours: str) -> None:
    rendered = render(with_view(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), subject=theirs))
    assert re.sub(r" \[#1042-[a-z2-7]{8}\]$", "", read(rendered)["subject"]) == ours
    assert read(rendered)["bcc"] is None


def test_an_acknowledgement_holds_no_word_of_an_unknown_sender() -> None:
    anonymous = with_view(
        make_sample(OutgoingKind.ACKNOWLEDGEMENT, Variant.SHORT, "en"), greeting_name="", subject="", service="Printing"
    )
    rendered = render(replace(anonymous, to_name="Buy cheap watches"))
    assert b"cheap" not in rendered.raw
    assert "Hello," in rendered.text


def test_a_thread_names_only_ids_of_its_own_side_and_recipient() -> None:
    expires = SAMPLE_NOW.date()
    to_requester = sign_message_id(KEYRING, 1042, Role.REQUESTER, REQUESTER, expires, 1, "example.org")
    to_colleague = sign_message_id(KEYRING, 1042, Role.REQUESTER, "bo@other.example", expires, 2, "example.org")
    to_group = sign_message_id(KEYRING, 1042, Role.SPECIALIST, "group:printers", expires, 3, "example.org")
    chain = ("first@staff.example.org", to_requester, to_colleague, to_group, "bad id", "last@staff.example.org")
    message = read(render(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), chain=chain))
    assert message["references"] == f"<first@staff.example.org> <{to_requester}> <last@staff.example.org>"
    assert message["in-reply-to"] == "<last@staff.example.org>"


def test_a_long_thread_keeps_its_first_and_latest_ids() -> None:
    chain = tuple(f"{number}@staff.example.org" for number in range(100))
    named = str(read(render(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), chain=chain))["references"]).split()
    assert named == ["<0@staff.example.org>", *(f"<{number}@staff.example.org>" for number in range(89, 100))]


@pytest.mark.parametrize("language", ["en", "de"])
def test_one_click_answers_carry_their_intent_and_the_cycle(language: str) -> None:
    outgoing = with_view(make_sample(OutgoingKind.REQUEST_TO_CONFIRM, Variant.SHORT, language), cycle=3)
    rendered = render(outgoing)
    in_text = re.findall(r"mailto:\S+", rendered.text)
    in_html = [link.replace("&amp;", "&") for link in re.findall(r'href="(mailto:[^"]+)"', text_of(rendered, "html"))]
    assert in_text == in_html
    intents = []
    for link in in_text:
        address, fields = urlsplit(link).path, parse_qs(urlsplit(link).query)
        reading = read_token(plus_part(address), KEYRING)
        assert reading is not None
        assert reading.token is not None
        assert (reading.token.cycle, reading.token.is_for(REQUESTER, KEYRING)) == (3, True)
        assert find_subject_tags(fields["subject"][0], KEYRING) == ((1042, True),)
        assert fields["body"][0].strip()
        intents.append(reading.token.intent)
    assert intents == [Intent.CONFIRMED, Intent.REJECTED]


def test_the_same_row_gives_the_same_bytes() -> None:
    outgoing = make_sample(OutgoingKind.HAND_OVER, Variant.LONG, "de")
    assert render(outgoing).raw == render(outgoing).raw
    assert render(outgoing, outbox_id=8).message_id != render(outgoing).message_id


def test_an_unknown_language_is_written_in_the_desks_first() -> None:
    swedish = replace(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), language="sv")
    german_first = replace(POLICY, identity=replace(POLICY.identity, languages=("de", "en")))
    assert "Guten Tag" in render(swedish, policy=german_first).text


def test_an_alert_without_a_ticket_has_no_tag() -> None:
    alert = with_view(replace(make_sample(OutgoingKind.ALERT_TO_ADMINS, Variant.SHORT, "en"), ticket=None), ticket=None)
    assert "[#" not in read(render(alert))["subject"]


def test_a_desk_without_a_phone_and_with_a_signature_writes_so() -> None:
    identity = Identity(
        "Help", "help@example.org", "Works", "desk", "example.org", signature={"en": "Yours,\nthe desk"}
    )
    text = render(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en"), policy=replace(POLICY, identity=identity)).text
    assert "Yours,\nthe desk" in text
    assert "phone" not in text


# ---------------------------------------------------------------- times


@pytest.mark.parametrize(
    ("due", "english", "german"),
    [
        (datetime(2026, 11, 24, 13, 30, tzinfo=UTC), "today by 14:30", "heute bis 14:30 Uhr"),
        (datetime(2026, 11, 24, 23, 5, tzinfo=UTC), "tomorrow by 00:05", "morgen bis 0:05 Uhr"),
        (
            datetime(2026, 11, 26, 8, 0, tzinfo=UTC),
            "by Thursday, 26 November, 09:00",
            "bis Donnerstag, 26. November, 9:00 Uhr",
        ),
        (
            datetime(2027, 1, 4, 8, 0, tzinfo=UTC),
            "by Monday, 4 January 2027, 09:00",
            "bis Montag, 4. Januar 2027, 9:00 Uhr",
        ),
    ],
)
def test_times_are_written_for_people_in_the_organisations_zone(due: datetime, english: str, german: str) -> None:
    for language, expected in (("en", english), ("de", german)):
        acknowledgement = with_view(
            make_sample(OutgoingKind.ACKNOWLEDGEMENT, Variant.SHORT, language), response_due_at=due
        )
        assert expected in " ".join(render(acknowledgement).text.split())


# ---------------------------------------------------------------- files

PICTURE = AttachmentRef("aa", "screen.png", "image/png", 4, inline=True, content_id="picture1@staff.example.org")
REPORT = AttachmentRef("bb", "report.pdf", "application/pdf", 6)
CONTENTS = {"aa": b"\x89PNG", "bb": b"%PDF-1"}


@pytest.mark.parametrize("kind", [OutgoingKind.RELAY_TO_REQUESTER, OutgoingKind.RELAY_TO_GROUP, OutgoingKind.HAND_OVER])
def test_files_and_pictures_travel_and_are_named(kind: OutgoingKind) -> None:
    outgoing = replace(make_sample(kind, Variant.SHORT, "en"), attachments=(PICTURE, REPORT))
    rendered = render(outgoing, attachments=CONTENTS)
    found = {
        part.get_filename(): part.get_payload(decode=True) for part in read(rendered).walk() if part.get_filename()
    }
    assert found == {"screen.png": CONTENTS["aa"], "report.pdf": CONTENTS["bb"]}
    assert "Attached: screen.png (1 KB), report.pdf (1 KB)" in rendered.text
    assert 'src="cid:picture1@staff.example.org"' in text_of(rendered, "html")


def test_the_largest_files_stay_behind_and_are_named() -> None:
    small = replace(POLICY, limits=Limits(attachments_bytes=5))
    outgoing = replace(make_sample(OutgoingKind.RELAY_TO_REQUESTER, Variant.SHORT, "en"), attachments=(PICTURE, REPORT))
    rendered = render(with_view(outgoing, left_behind=("film.mp4",)), policy=small, attachments=CONTENTS)
    assert [part.get_filename() for part in read(rendered).walk() if part.get_filename()] == ["screen.png"]
    assert "too large: film.mp4, report.pdf (1 KB)" in " ".join(rendered.text.split())


def test_a_mail_of_ours_that_a_requester_attached_does_not_reach_the_group() -> None:
    ours = render(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en")).raw
    forwarded = AttachmentRef("cc", "your mail.eml", "message/rfc822", len(ours))
    outgoing = replace(make_sample(OutgoingKind.HAND_OVER, Variant.SHORT, "en"), attachments=(forwarded, REPORT))
    rendered = render(outgoing, attachments={"cc": ours, **CONTENTS})
    assert [part.get_filename() for part in read(rendered).walk() if part.get_filename()] == ["report.pdf"]
    words = " ".join(rendered.text.split())
    assert "a reply address of the desk that is meant for somebody else: your mail.eml" in words
    assert "too large" not in words


def test_a_footer_that_a_requester_quoted_is_hidden_from_the_group() -> None:
    theirs = find_footers(render(make_sample(OutgoingKind.CLOSED, Variant.SHORT, "en")).text)[0]
    relay = with_view(make_sample(OutgoingKind.RELAY_TO_GROUP, Variant.SHORT, "en"), words=f"still broken\n> {theirs}")
    rendered = render(relay)
    assert theirs[5:-5] not in rendered.raw.decode().lower()
    assert "> [ref:…:ref]" in rendered.text


@pytest.mark.parametrize("code", list(NoteCode))
def test_a_repeated_hand_over_says_why_it_comes(code: NoteCode) -> None:
    plain = make_sample(OutgoingKind.HAND_OVER, Variant.SHORT, "en")
    note = make_sample(OutgoingKind.NOTE_TO_GROUP, Variant.SHORT, "en")
    sentence = render(with_view(note, note=code)).text.split("\n\n")[1]
    assert sentence in render(with_view(plain, note=code)).text
    assert sentence not in render(plain).text


def test_the_templates_are_read_once() -> None:
    assert set(RENDERER.templates.languages) == {"en", "de"}
