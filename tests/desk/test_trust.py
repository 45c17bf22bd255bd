"""The table of rights, and how a mail earns its evidence."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from mailbot.desk.commands import Command
from mailbot.desk.evidence import ActingAs, Evidence, Sender, TokenState
from mailbot.desk.people import Person
from mailbot.desk.policy import Policy, Trust
from mailbot.desk.ticket import Joined, Participant, Side, State
from mailbot.desk.trust import Action, action_of, allows, weigh
from mailbot.mail.keyring import Key, Keyring
from mailbot.mail.model import Address, Mail
from mailbot.mail.tokens import (
    Intent,
    Reading,
    Role,
    footer_reference,
    plus_address,
    sign_address,
    sign_message_id,
    subject_tag,
)
from tests.desk.world import ANN, POLICY, SAM, mail_of, ticket_in

OLD_KEY = Keyring((Key("z", b"z" * 32),))
KEYS = Keyring((Key("a", b"a" * 32), Key("b", b"b" * 32)))
NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
UNTIL = date(2027, 1, 1)
TICKET = ticket_in(State.IN_PROGRESS)  # of Ann, with the network group, owned by Sam
RESULTS = replace(POLICY, trust=Trust(results="authserv", authserv_id="mx.corp.example"))
ROOT = "root@corp.example"
BOB = "bob@home.example"

# ---------------------------------------------------------------- the table

UNKNOWN, AUTHENTICATED, FAILED = Sender.UNKNOWN, Sender.AUTHENTICATED, Sender.FAILED
NOBODY = Evidence()
LISTED = Evidence(in_directory=True, plain_from=True)
SHOWN = Evidence(AUTHENTICATED)
REQUESTER = Evidence(token=TokenState.OK, role=ActingAs.REQUESTER)
PARTICIPANT = Evidence(role=ActingAs.REQUESTER)
STRANGER = Evidence(token=TokenState.OTHER_ADDRESS)
COLLEAGUE = Evidence(AUTHENTICATED, TokenState.OTHER_ADDRESS, own_domain=True)
LOST_KEY = Evidence(token=TokenState.UNKNOWN_KEY)
FORGED = Evidence(token=TokenState.FORGED)
MEMBER = Evidence(token=TokenState.OK, role=ActingAs.SPECIALIST, plain_from=True)
SURE_MEMBER = replace(MEMBER, sender=AUTHENTICATED)
TOKENLESS = replace(SURE_MEMBER, token=TokenState.NONE)
ADMIN = Evidence(token=TokenState.OK, role=ActingAs.ADMIN)
SURE_ADMIN = replace(ADMIN, sender=AUTHENTICATED)

TABLE = [  # action, evidence, with "none", with results: y yes, n no, h held
    (Action.ACKNOWLEDGE, NOBODY, "y", "y"),
    (Action.ECHO, NOBODY, "n", "n"),
    (Action.ECHO, LISTED, "n", "n"),
    (Action.ECHO, SHOWN, "y", "y"),
    (Action.ECHO, REQUESTER, "y", "y"),
    (Action.FAQ_ANSWER, NOBODY, "n", "n"),
    (Action.FAQ_ANSWER, LISTED, "y", "n"),
    (Action.FAQ_ANSWER, replace(LISTED, plain_from=False), "n", "n"),
    (Action.FAQ_ANSWER, SHOWN, "y", "y"),
    (Action.FAQ_ANSWER, replace(NOBODY, released_by=ROOT), "y", "y"),
    (Action.OPEN, NOBODY, "y", "y"),
    (Action.ADD, REQUESTER, "y", "y"),
    (Action.ADD, PARTICIPANT, "y", "y"),
    (Action.ADD, NOBODY, "n", "n"),
    (Action.ADD, FORGED, "n", "n"),
    (Action.ADD, MEMBER, "n", "n"),
    (Action.ADD, STRANGER, "h", "h"),
    (Action.ADD, LOST_KEY, "h", "h"),
    (Action.ADD, COLLEAGUE, "y", "y"),
    (Action.ADD, replace(COLLEAGUE, sender=UNKNOWN), "h", "h"),
    (Action.ADD, replace(COLLEAGUE, own_domain=False), "h", "h"),
    (Action.ADD, replace(STRANGER, released_by=SAM), "y", "y"),
    (Action.CONFIRM, REQUESTER, "y", "y"),
    (Action.CONFIRM, PARTICIPANT, "h", "h"),
    (Action.CONFIRM, replace(PARTICIPANT, sender=AUTHENTICATED), "y", "y"),
    (Action.CONFIRM, COLLEAGUE, "n", "n"),
    (Action.CONFIRM, MEMBER, "n", "n"),
    (Action.REOPEN, REQUESTER, "y", "y"),
    (Action.REOPEN, NOBODY, "n", "n"),
    (Action.RELAY, MEMBER, "y", "h"),
    (Action.RELAY, SURE_MEMBER, "y", "y"),
    (Action.RELAY, TOKENLESS, "h", "h"),
    (Action.RELAY, REQUESTER, "h", "h"),
    (Action.RELAY, replace(TOKENLESS, released_by=SAM), "y", "y"),
    (Action.RELAY, ADMIN, "h", "h"),
    (Action.RELAY, SURE_ADMIN, "y", "y"),
    (Action.COMMAND_PLAIN, MEMBER, "y", "h"),
    (Action.COMMAND_PLAIN, SURE_MEMBER, "y", "y"),
    (Action.COMMAND_PLAIN, SURE_ADMIN, "y", "y"),
    (Action.COMMAND_PLAIN, NOBODY, "h", "h"),
    (Action.COMMAND_RISKY, MEMBER, "h", "h"),
    (Action.COMMAND_RISKY, SURE_MEMBER, "y", "y"),
    (Action.COMMAND_RISKY, TOKENLESS, "h", "h"),
    (Action.COMMAND_RISKY, REQUESTER, "h", "h"),
    (Action.COMMAND_RISKY, SURE_ADMIN, "y", "y"),
    (Action.COMMAND_RISKY, replace(MEMBER, released_by=SAM), "h", "h"),  # `#send` is plain and lends no more
    (Action.COMMAND_RISKY, replace(MEMBER, released_by=ROOT), "y", "y"),
    (Action.COMMAND_RISKY, replace(MEMBER, released_by="operator"), "y", "y"),
    (Action.ADMIN_REPLY, SURE_ADMIN, "y", "y"),
    (Action.ADMIN_REPLY, ADMIN, "h", "h"),
    (Action.ADMIN_REPLY, replace(SURE_ADMIN, token=TokenState.NONE), "h", "h"),
    (Action.ADMIN_REPLY, SURE_MEMBER, "h", "h"),
]


def verdict_of(action: Action, evidence: Evidence, policy: Policy) -> str:
    verdict = allows(action, evidence, policy)
    assert verdict.reason
    assert not (verdict.allowed and verdict.hold)
    return "y" if verdict.allowed else "h" if verdict.hold else "n"


@pytest.mark.parametrize(("action", "evidence", "without", "with_results"), TABLE)
def test_a_right_needs_its_evidence(action: Action, evidence: Evidence, without: str, with_results: str) -> None:
    assert verdict_of(action, evidence, POLICY) == without
    assert verdict_of(action, evidence, RESULTS) == with_results


def test_every_action_stands_in_the_table() -> None:
    assert {row[0] for row in TABLE} == set(Action)


@pytest.mark.parametrize("action", Action)
@pytest.mark.parametrize("policy", [POLICY, RESULTS])
def test_a_sender_that_failed_is_held_whatever_it_wants(action: Action, policy: Policy) -> None:
    assert verdict_of(action, replace(SURE_MEMBER, sender=FAILED), policy) == "h"
    assert verdict_of(action, replace(REQUESTER, sender=FAILED), policy) == "h"


def test_a_release_outweighs_a_failed_sender() -> None:
    assert verdict_of(Action.ADD, replace(REQUESTER, sender=FAILED, released_by=ROOT), POLICY) == "y"


def test_strangers_get_no_acknowledgement_where_the_admin_says_so() -> None:
    quiet = replace(POLICY, trust=Trust(acknowledge_unknown=False))
    assert verdict_of(Action.ACKNOWLEDGE, NOBODY, quiet) == "n"
    assert [verdict_of(Action.ACKNOWLEDGE, one, quiet) for one in (SHOWN, REQUESTER, LISTED)] == ["y", "y", "y"]


def test_colleagues_are_held_where_the_admin_says_so() -> None:
    assert verdict_of(Action.ADD, COLLEAGUE, replace(POLICY, trust=Trust(colleagues=False))) == "h"


def test_the_action_of_a_command_is_its_risk() -> None:
    assert action_of(Command("assign", "network", "")) is Action.COMMAND_PLAIN
    assert action_of(Command("assign", SAM, "")) is Action.COMMAND_RISKY


# ---------------------------------------------------------------- weighing


def token(role: Role, recipient: str, ticket: int = 7, *, keys: Keyring = KEYS, until: date = UNTIL) -> str:
    return sign_address(keys, ticket, role, recipient, until)


def answer(sender: str, *plus_parts: str, **changes: object) -> Mail:
    to = tuple(Address("", plus_address("support@corp.example", part)) for part in plus_parts)
    return replace(mail_of("words", sender=sender), to=to, **changes)  # type: ignore[arg-type]  # fields by name


def weighed(
    mail: Mail, *participants: Participant, sender: Sender = UNKNOWN, released_by: str = "", policy: Policy = POLICY
) -> tuple[Evidence, Reading | None]:
    return weigh(mail, TICKET, participants, policy, KEYS, NOW, sender, "pass corp.example", released_by)


OF_ANN = token(Role.REQUESTER, ANN.address)
OF_GROUP = token(Role.SPECIALIST, "group:network")
FORGED_TOKEN = OF_ANN[:-1] + ("a" if OF_ANN[-1] != "a" else "b")
DESK_MEMBER = "joe@corp.example"

WEIGHED = [
    ("the requester with their token", answer(ANN.address, OF_ANN), TokenState.OK, ActingAs.REQUESTER),
    ("upper case changes nothing", answer("ANN@Corp.Example", OF_ANN.upper()), TokenState.OK, ActingAs.REQUESTER),
    ("somebody else with it", answer(BOB, OF_ANN), TokenState.OTHER_ADDRESS, ActingAs.NONE),
    ("a forged one", answer(ANN.address, FORGED_TOKEN), TokenState.FORGED, ActingAs.NONE),
    (
        "an expired one",
        answer(ANN.address, token(Role.REQUESTER, ANN.address, until=date(2026, 3, 1))),
        TokenState.EXPIRED,
        ActingAs.REQUESTER,
    ),
    (
        "one of a lost key",
        answer(ANN.address, token(Role.REQUESTER, ANN.address, keys=OLD_KEY)),
        TokenState.UNKNOWN_KEY,
        ActingAs.NONE,
    ),
    (
        "one of another ticket",
        answer(ANN.address, token(Role.REQUESTER, ANN.address, 8)),
        TokenState.NONE,
        ActingAs.NONE,
    ),
    ("a good one beside a forged one", answer(ANN.address, FORGED_TOKEN, OF_ANN), TokenState.OK, ActingAs.REQUESTER),
    ("no token at all", answer(ANN.address), TokenState.NONE, ActingAs.NONE),
    ("a member with the group's token", answer(SAM, OF_GROUP), TokenState.OK, ActingAs.SPECIALIST),
    ("the fallback with it", answer("lead@corp.example", OF_GROUP), TokenState.OK, ActingAs.SPECIALIST),
    ("a member of another group with it", answer(DESK_MEMBER, OF_GROUP), TokenState.OTHER_ADDRESS, ActingAs.NONE),
    (
        "a member of another group with that group's token",
        answer(DESK_MEMBER, token(Role.SPECIALIST, "group:desk")),
        TokenState.OK,
        ActingAs.NONE,
    ),
    ("the requester with a leaked one", answer(ANN.address, OF_GROUP), TokenState.OTHER_ADDRESS, ActingAs.NONE),
    ("a member with the requester's", answer(SAM, OF_ANN), TokenState.OTHER_ADDRESS, ActingAs.SPECIALIST),
    ("a member whose From is odd", answer(SAM, OF_GROUP, from_is_plain=False), TokenState.OK, ActingAs.NONE),
    ("an admin with the group's token", answer(ROOT, OF_GROUP), TokenState.OK, ActingAs.ADMIN),
    ("an admin with their own", answer(ROOT, token(Role.ADMIN, ROOT)), TokenState.OK, ActingAs.ADMIN),
    ("an admin with the requester's", answer(ROOT, OF_ANN), TokenState.OTHER_ADDRESS, ActingAs.NONE),
    (
        "the requester with a tag in the subject",
        answer(ANN.address, subject=f"Re: {subject_tag(KEYS, 7)}"),
        TokenState.NONE,
        ActingAs.REQUESTER,
    ),
    (
        "a stranger with the tag",
        answer(BOB, subject=f"Re: {subject_tag(KEYS, 7)}"),
        TokenState.NONE,
        ActingAs.NONE,
    ),
    (
        "a member with the tag, which never commands",
        answer(SAM, subject=f"Re: {subject_tag(KEYS, 7)}"),
        TokenState.NONE,
        ActingAs.SPECIALIST,
    ),
    (
        "a tag that is made up",
        answer(ANN.address, subject="Re: [#7-aaaaaaaa]"),
        TokenState.NONE,
        ActingAs.NONE,
    ),
]


@pytest.mark.parametrize(("mail", "state", "role"), [row[1:] for row in WEIGHED], ids=[row[0] for row in WEIGHED])
def test_a_token_is_worth_what_its_user_makes_of_it(mail: Mail, state: TokenState, role: ActingAs) -> None:
    evidence, reading = weighed(mail)
    assert (evidence.token, evidence.role) == (state, role)
    assert (reading is None) is (state is TokenState.NONE)


def test_the_evidence_keeps_what_the_server_and_the_directory_say() -> None:
    evidence, _ = weighed(answer(ANN.address, OF_ANN), sender=AUTHENTICATED)
    assert evidence.sender is AUTHENTICATED
    assert (evidence.dkim, evidence.in_directory, evidence.own_domain, evidence.plain_from) == (
        "pass corp.example",
        True,
        True,
        True,
    )
    stranger, _ = weighed(answer(BOB))
    assert (stranger.in_directory, stranger.own_domain) == (False, False)


def test_other_addresses_of_a_person_share_the_token() -> None:
    person = Person(ANN.address, same_as=("a.archer@corp.example",))
    desk = replace(POLICY, people={ANN.address: person, "a.archer@corp.example": person})
    evidence, _ = weighed(answer("a.archer@corp.example", OF_ANN), policy=desk)
    assert (evidence.token, evidence.role) == (TokenState.OK, ActingAs.REQUESTER)


def test_the_owner_is_a_specialist_of_the_ticket_even_from_outside_of_the_group() -> None:
    ticket = replace(TICKET, owner=DESK_MEMBER)
    mail = answer(DESK_MEMBER, token(Role.SPECIALIST, DESK_MEMBER))
    evidence, _ = weigh(mail, ticket, (), POLICY, KEYS, NOW, UNKNOWN)
    assert (evidence.token, evidence.role) == (TokenState.OK, ActingAs.SPECIALIST)


def test_nobody_is_a_specialist_of_a_group_that_is_gone() -> None:
    ticket = replace(TICKET, owner=None, group="dissolved")
    evidence, _ = weigh(answer(SAM, OF_GROUP), ticket, (), POLICY, KEYS, NOW, UNKNOWN)
    assert (evidence.token, evidence.role) == (TokenState.OK, ActingAs.NONE)


def test_a_participant_who_was_accepted_may_use_what_they_answer_to() -> None:
    bob = Participant(BOB, "Bob", Side.REQUESTER, Joined.ACCEPTED)
    evidence, _ = weighed(answer(BOB, OF_ANN), bob)
    assert (evidence.token, evidence.role) == (TokenState.OTHER_ADDRESS, ActingAs.REQUESTER)
    helper = replace(bob, side=Side.GROUP)
    assert weighed(answer(BOB, OF_ANN), helper)[0].role is ActingAs.NONE


def test_an_authenticated_participant_needs_no_token() -> None:
    assert weighed(answer(ANN.address), sender=AUTHENTICATED)[0].role is ActingAs.REQUESTER
    assert weighed(answer(SAM), sender=AUTHENTICATED)[0].role is ActingAs.SPECIALIST


def test_a_release_shows_a_participant_but_makes_no_stranger_one() -> None:
    assert weighed(answer(ANN.address), released_by=ROOT)[0].role is ActingAs.REQUESTER
    assert weighed(answer(BOB, OF_ANN), released_by=SAM)[0].role is ActingAs.NONE


def test_without_a_ticket_only_an_alert_can_be_answered() -> None:
    evidence, reading = weigh(answer(ANN.address, OF_ANN), None, (), POLICY, KEYS, NOW, UNKNOWN)
    assert (evidence.token, evidence.role, reading) == (TokenState.NONE, ActingAs.NONE, None)
    alert = answer(ROOT, token(Role.ADMIN, ROOT, 0))
    evidence, _ = weigh(alert, None, (), POLICY, KEYS, NOW, AUTHENTICATED)
    assert (evidence.token, evidence.role) == (TokenState.OK, ActingAs.ADMIN)


def test_a_link_confirms_from_an_address_and_never_from_quoted_text() -> None:
    link = sign_address(KEYS, 7, Role.REQUESTER, ANN.address, UNTIL, intent=Intent.CONFIRMED, cycle=2)
    _, clicked = weighed(answer(ANN.address, link))
    assert clicked is not None
    assert (clicked.claims.intent, clicked.claims.cycle) == (Intent.CONFIRMED, 2)
    _, quoted = weighed(answer(ANN.address, text=footer_reference(link)))
    assert quoted is not None
    assert (quoted.claims.intent, quoted.claims.cycle) == (None, 2)


def test_a_reference_to_our_mail_is_worth_as_much_as_an_address() -> None:
    ours = sign_message_id(KEYS, 7, Role.SPECIALIST, "group:network", UNTIL, 5, "corp.example")
    evidence, _ = weighed(answer(SAM, in_reply_to=(ours,)))
    assert (evidence.token, evidence.role) == (TokenState.OK, ActingAs.SPECIALIST)
