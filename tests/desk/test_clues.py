"""Where a mail says it belongs, read from the mail alone."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace
from datetime import date

import pytest

from mailbot.desk.clues import audiences, find_clues, find_ignored, find_person, read_alert, read_form, token_of
from mailbot.desk.people import Person
from mailbot.desk.policy import AlertSource, FormSource, IgnoredSource
from mailbot.mail.carriers import CarrierSource
from mailbot.mail.keyring import Key, Keyring
from mailbot.mail.model import Address, Attachment, Forwarded, Mail
from mailbot.mail.tokens import (
    Role,
    footer_reference,
    plus_address,
    sign_address,
    sign_bounce,
    sign_message_id,
    subject_tag,
)
from mailbot.triage.patterns import compile_pattern
from tests.desk.world import ANN, POLICY, SAM, mail_of

KEYS = Keyring((Key("a", b"a" * 32), Key("b", b"b" * 32)))
UNTIL = date(2027, 1, 1)
SUPPORT = "support@corp.example"
ALERTS = AlertSource(
    "nagios", ("@monitor.example",), compile_pattern(r"/host (\S+)/"), compile_pattern(r"/OK|RECOVERY/")
)
FORM = FormSource(
    "site",
    ("web@corp.example",),
    compile_pattern(r"/Mail: (\S+)/"),
    compile_pattern(r"/Name: (.*)/"),
    compile_pattern(r"/(?s)Text: (.*)/"),
)
SIMPLE_FORM = FormSource("simple", ("simple@corp.example",))
IGNORED = IgnoredSource("backup", ("backup@corp.example",), compile_pattern(r"/succeeded/"))
DESK = replace(POLICY, alerts=(ALERTS,), forms=(FORM, SIMPLE_FORM), ignored=(IGNORED,))


def plus(ticket: int, recipient: str, role: Role = Role.REQUESTER) -> Address:
    return Address("", plus_address(SUPPORT, sign_address(KEYS, ticket, role, recipient, UNTIL)))


def test_a_new_mail_names_its_sender_and_nothing_else() -> None:
    clues = find_clues(mail_of("help"), KEYS, DESK)
    assert (clues.sender, clues.ticket, clues.outbox_id, clues.alert_key, clues.person) == (
        ANN.address,
        None,
        None,
        None,
        "",
    )


def test_two_from_addresses_are_nobody() -> None:
    mail = replace(mail_of("x"), from_=(Address("", ANN.address), Address("", SAM)))
    assert find_clues(mail, KEYS, DESK).sender == ""


@pytest.mark.parametrize("carrier", ["address", "message_id", "footer", "subject"])
def test_the_ticket_is_found_in_each_carrier(carrier: str) -> None:
    mail = mail_of("works")
    token = sign_address(KEYS, 7, Role.REQUESTER, ANN.address, UNTIL)
    changed: dict[str, Mail] = {
        "address": replace(mail, to=(plus(7, ANN.address),)),
        "message_id": replace(
            mail, references=(sign_message_id(KEYS, 7, Role.REQUESTER, ANN.address, UNTIL, 9, "corp.example"),)
        ),
        "footer": replace(mail, text=f"works\n> {footer_reference(token)}"),
        "subject": replace(mail, subject=f"Re: VPN {subject_tag(KEYS, 7)}"),
    }
    assert find_clues(changed[carrier], KEYS, DESK).ticket == 7


def test_the_token_of_the_sender_wins_over_one_that_was_quoted() -> None:
    mail = replace(
        mail_of("x"), to=(plus(3, SAM),), references=(), text=footer_reference(plus(7, ANN.address).address[8:46])
    )
    best = token_of(mail, KEYS, DESK)
    assert best is not None
    assert (best.ticket, best.source) == (7, CarrierSource.FOOTER)


def test_a_genuine_tag_wins_over_a_forged_token_and_a_token_of_another_over_the_tag() -> None:
    tagged = replace(mail_of("x"), subject=f"Re: {subject_tag(KEYS, 7)}")
    forged = Address("", plus(3, ANN.address).address.replace("@", "x@").replace("+r", "+s"))
    damaged = Address("", re.sub(r".@", lambda found: "a@" if found[0] != "a@" else "b@", plus(3, ANN.address).address))
    assert token_of(replace(tagged, to=(forged, damaged)), KEYS, DESK) == token_of(tagged, KEYS, DESK)
    other = token_of(replace(tagged, to=(plus(3, SAM),)), KEYS, DESK)
    assert other is not None
    assert other.ticket == 3


def test_a_mail_without_any_token_has_none() -> None:
    assert token_of(mail_of("x"), KEYS, DESK) is None


def test_a_token_may_be_used_by_its_person_and_the_members_of_its_group() -> None:
    person = Person("sam@corp.example", same_as=("Sam.Smith@corp.example",))
    desk = replace(DESK, people={"sam@corp.example": person, "sam.smith@corp.example": person})
    assert audiences("sam.smith@corp.example", desk) == ("sam.smith@corp.example", "sam@corp.example", "group:network")
    assert audiences("lead@corp.example", desk)[1:] == ("group:network", "group:desk")
    assert audiences("", desk) == ()


def test_a_bounce_finds_the_row_by_its_envelope_sender_or_by_our_message_id() -> None:
    verp = replace(mail_of("x"), delivered_to=(plus_address(SUPPORT, sign_bounce(KEYS, 42)),))
    assert find_clues(verp, KEYS, DESK).outbox_id == 42
    ours = sign_message_id(KEYS, 7, Role.REQUESTER, ANN.address, UNTIL, 43, "corp.example")
    reported = replace(mail_of("x"), original_message_id=ours)
    assert find_clues(reported, KEYS, DESK).outbox_id == 43
    assert ours in find_clues(reported, KEYS, DESK).references
    strange = replace(mail_of("x"), original_message_id="x@elsewhere.example")
    assert find_clues(strange, KEYS, DESK).outbox_id is None


def test_references_are_named_from_the_nearest_on_and_once() -> None:
    mail = replace(mail_of("x"), in_reply_to=("c@x",), references=("a@x", "b@x", "c@x"))
    assert find_clues(mail, KEYS, DESK).references == ("c@x", "b@x", "a@x")


def test_attachments_are_named_by_their_hash() -> None:
    mail = replace(mail_of("x"), attachments=(Attachment("a", "image/png", b"abc", inline=True),))
    assert find_clues(mail, KEYS, DESK).attachment_hashes == (hashlib.sha256(b"abc").hexdigest(),)


@pytest.mark.parametrize(
    ("subject", "text", "key", "recovered"),
    [
        ("DOWN: host web1", "", "web1", False),
        ("PROBLEM", "on host web2 since noon", "web2", False),
        ("RECOVERY: host web1", "", "web1", True),
        ("Disk  full", "", "Disk full", False),
    ],
)
def test_an_alert_is_known_by_its_key(subject: str, text: str, key: str, recovered: bool) -> None:
    mail = mail_of(text, sender="nagios@Monitor.example", subject=subject)
    seen = read_alert(mail, DESK)
    assert seen is not None
    assert (seen.key, seen.recovered) == (f"{seen.source.name}: {key}", recovered)
    assert find_clues(mail, KEYS, DESK).alert_key == seen.key


def test_a_pattern_without_a_group_gives_its_whole_match() -> None:
    source = replace(ALERTS, key=compile_pattern(r"/web\d/"))
    seen = read_alert(mail_of("", sender="x@monitor.example", subject="web3 is down"), replace(DESK, alerts=(source,)))
    assert seen is not None
    assert seen.key == "nagios: web3"


def test_a_person_is_no_alert_source() -> None:
    assert read_alert(mail_of("host web1"), DESK) is None
    assert read_alert(replace(mail_of("host web1"), from_=()), DESK) is None


def test_a_form_names_the_person_in_its_body_and_their_words() -> None:
    mail = mail_of("Name: Bob Berg\nMail: Bob@home.example\nText: My screen\nis dark", sender="web@corp.example")
    form = read_form(mail, DESK)
    assert form is not None
    assert form.person == Address("Bob Berg", "Bob@home.example")
    assert form.text == "My screen\nis dark"
    assert find_clues(mail, KEYS, DESK).person == "bob@home.example"


@pytest.mark.parametrize("address", ["not an address", "support+x@corp.example", ""])
def test_a_form_that_names_nobody_useful_has_no_person(address: str) -> None:
    form = read_form(mail_of(f"Mail: {address}\nText: x", sender="web@corp.example"), DESK)
    assert form is not None
    assert form.person is None


def test_a_simple_form_has_the_person_in_reply_to() -> None:
    mail = replace(
        mail_of("Help", sender="simple@corp.example"), reply_to=(Address("", SUPPORT), Address("Bob", "b@home.example"))
    )
    form = read_form(mail, DESK)
    assert form is not None
    assert (form.person, form.text) == (Address("Bob", "b@home.example"), "Help")


def test_only_the_matching_subject_of_an_ignored_source_is_ignored() -> None:
    good = mail_of("", sender="backup@corp.example", subject="Backup succeeded")
    assert find_ignored(good, DESK) is IGNORED
    assert find_ignored(replace(good, subject="Backup failed"), DESK) is None
    assert find_ignored(mail_of("succeeded"), DESK) is None
    always = replace(DESK, ignored=(replace(IGNORED, subject=None),))
    assert find_ignored(replace(good, subject="Backup failed"), always) is not None


def forward_by(sender: str, author: Address | None) -> Mail:
    forwarded = Forwarded(author, (), (), "help", "", "please help")
    return replace(mail_of("see below", sender=sender), forwarded=forwarded)


def test_the_author_of_what_a_specialist_or_admin_forwards_becomes_the_requester() -> None:
    bob = Address("Bob", "bob@home.example")
    assert find_person(forward_by(SAM, bob), DESK) == bob
    assert find_person(forward_by("root@corp.example", bob), DESK) == bob
    assert find_person(forward_by(ANN.address, bob), DESK) is None
    assert find_person(forward_by(SAM, None), DESK) is None
    assert find_person(forward_by(SAM, Address("", SUPPORT)), DESK) is None
