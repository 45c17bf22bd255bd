"""The gate: for each rule a mail that it stops and one that it lets pass, and which rules guard whom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from mailbot.desk import gate
from mailbot.desk.evidence import Evidence, Sender, TokenState
from mailbot.desk.gate import RULES, Allowed, Denied, applying, judge
from mailbot.desk.outgoing import AlertView, Cause, InternalView, NoteCode, Outgoing, OutgoingKind
from mailbot.desk.policy import AlertSource, FormSource, IgnoredSource, Policy, Trust
from mailbot.desk.situation import GateCounts
from mailbot.desk.ticket import State
from mailbot.mail.model import Address, Mail, MailClass
from mailbot.triage.assessment import Priority
from mailbot.triage.patterns import compile_pattern
from tests.desk.world import ANN, NOW, POLICY, mail_of, ticket_in

BOB = "bob@home.example"
NEVER = compile_pattern("never")
DESK = replace(
    POLICY,
    alerts=(AlertSource("nagios", ("@monitor.example",), NEVER, NEVER),),
    forms=(FormSource("site", ("web@corp.example",)),),
    ignored=(IgnoredSource("backup", ("backup@corp.example",)),),
    identity=replace(POLICY.identity, aliases=("help@corp.example",), arrives_through=("support.lists.corp.example",)),
)
FOREIGN = replace(DESK, identity=replace(DESK.identity, own_domains=()))  # where Ann's domain is a stranger's
ACK = Outgoing(OutgoingKind.ACKNOWLEDGEMENT, ANN.address, AlertView(NoteCode.MAILBOX, ""), "en", 7)
FAQ = replace(ACK, kind=OutgoingKind.FAQ_ANSWER)
RELAY = replace(ACK, kind=OutgoingKind.RELAY_TO_REQUESTER)
REMINDER = replace(ACK, kind=OutgoingKind.REMINDER)
HAND_OVER = replace(ACK, kind=OutgoingKind.HAND_OVER, to="network@lists.corp.example")
ALERT = replace(ACK, kind=OutgoingKind.ALERT_TO_ADMINS, to="root@corp.example")
MAIL = mail_of("help")
STRANGER = Evidence(plain_from=True)
QUIET = GateCounts()


@dataclass(frozen=True)
class Case:
    """Everything that `judge` is asked with; the plain one passes."""

    outgoing: Outgoing = ACK
    mail: Mail | None = MAIL
    evidence: Evidence | None = STRANGER
    counts: GateCounts = QUIET
    policy: Policy = DESK
    age: timedelta | None = timedelta(minutes=1)

    def judged(self) -> Allowed | Denied:
        date = None if self.age is None else NOW - self.age
        return judge(self.outgoing, self.mail, self.evidence, self.counts, self.policy, NOW, date)


PLAIN = Case()


def mailed(**changes: object) -> Case:
    return replace(PLAIN, mail=replace(MAIL, **changes))  # type: ignore[arg-type]  # fields by name


def headed(*headers: tuple[str, str]) -> Case:
    return mailed(headers=headers)


def sent_to(address: str) -> Case:
    return replace(PLAIN, outgoing=replace(ACK, to=address))


def counted(**changes: int) -> Case:
    return replace(PLAIN, counts=GateCounts(**changes))  # type: ignore[arg-type]  # fields by name


def of_form(**changes: object) -> Case:
    form = mail_of("My screen is dark", sender="web@corp.example")
    form = replace(form, reply_to=(Address("Bob", BOB),), class_=MailClass.MACHINE, return_path="", from_is_plain=False)
    form = replace(form, headers=(("auto-submitted", "auto-generated"),))
    return replace(PLAIN, outgoing=replace(ACK, to=BOB), mail=replace(form, **changes))  # type: ignore[arg-type]  # fields by name


THROUGH_OUR_LIST = (
    ("list-id", "The desk <Support.lists.corp.example>"),
    ("list-unsubscribe", "<mailto:x>"),
    ("precedence", "list"),
)

STOPPED: list[tuple[str, str, Case]] = [
    ("A1", "an automatic reply", mailed(class_=MailClass.AUTO_REPLY)),
    ("A1", "no mail at all", replace(PLAIN, mail=None)),
    ("A1", "a bounce from a form's address", of_form(class_=MailClass.BOUNCE)),
    ("A2", "a mail that was answered", counted(answered_row=True)),
    ("A3", "a null Return-Path", mailed(return_path="")),
    ("A3", "no Return-Path", mailed(return_path=None)),
    (
        "A3",
        "an answer to a foreign Reply-To",
        replace(mailed(reply_to=(Address("", BOB),)), outgoing=replace(ACK, to=BOB)),
    ),
    (
        "A3",
        "an answer to Reply-To of an unknown sender",
        replace(mailed(reply_to=(Address("", "x@corp.example"),)), outgoing=replace(ACK, to="x@corp.example")),
    ),
    ("A4", "an odd From", mailed(from_is_plain=False)),
    ("A4", "a broken destination", sent_to("ann at corp")),
    ("A4", "an address literal", sent_to("ann@[192.0.2.1]")),
    ("A4", "a domain that is none", sent_to("ann@corp.invalid")),
    ("A5", "the desk", sent_to("Support+x@corp.example")),
    ("A5", "an alias of the desk", sent_to("help@corp.example")),
    ("A5", "a specialist list", sent_to("Network@lists.corp.example")),
    ("A5", "a plus-form of a list", sent_to("network+x@lists.corp.example")),
    ("A5", "an alert source", sent_to("anything@monitor.example")),
    ("A5", "a form's machine", sent_to("web@corp.example")),
    ("A5", "an ignored machine", sent_to("backup@corp.example")),
    *(
        ("A6", name, sent_to(f"{name}@home.example"))
        for name in (
            "MAILER-DAEMON",
            "postmaster",
            "abuse",
            "root",
            "noreply",
            "no-reply-17",
            "donotreply",
            "bounce+x",
            "bounces-12",
            "owner-list",
            "list-owner",
            "list-request",
            "list-bounces",
            "notifications",
        )
    ),
    ("A7", "a blind copy", mailed(to=(Address("", BOB),))),
    ("A8", "a list mail", headed(("list-id", "<dev.lists.example>"))),
    ("A8", "a list mail of ours and of another", headed(*THROUGH_OUR_LIST, ("list-id", "<dev.lists.example>"))),
    ("A8", "bulk", headed(("precedence", "Bulk"))),
    ("A8", "an automatic one", headed(("auto-submitted", "no"), ("auto-submitted", "Auto-Replied (vacation); x=y"))),
    ("A8", "an automatic one through our list", headed(*THROUGH_OUR_LIST, ("auto-submitted", "auto-generated"))),
    ("A8", "one that asks for silence", headed(("x-auto-response-suppress", "DR, OOF"))),
    ("A9", "a mail that travels in circles", mailed(hops=30)),
    ("A9", "one that came to us twice", headed(*[("delivered-to", "support+a@corp.example")] * 2)),
    ("A10", "an FAQ answer to a stranger", replace(PLAIN, outgoing=FAQ)),
    ("A10", "a failed sender", replace(PLAIN, evidence=Evidence(Sender.FAILED))),
    (
        "A10",
        "a stranger where they are not acknowledged",
        replace(PLAIN, policy=replace(DESK, trust=Trust(acknowledge_unknown=False))),
    ),
    ("A10", "a reminder to nobody's ticket", replace(PLAIN, mail=None, outgoing=replace(REMINDER, ticket=None))),
    (
        "A10",
        "an FAQ answer to the person in a form, however good the machine's evidence",
        replace(of_form(), outgoing=replace(FAQ, to=BOB), evidence=Evidence(Sender.AUTHENTICATED, plain_from=True)),
    ),
    ("A11", "a form that is spam", of_form(class_=MailClass.SPAM)),
    ("A11", "a form that cannot be read", of_form(class_=MailClass.SUSPECT)),
    ("A12", "the third in a row", counted(in_a_row=2)),
    ("A12", "the third reminder in a row", replace(counted(in_a_row=2), outgoing=REMINDER, mail=None)),
    ("A13", "the same again", counted(same_lately=True)),
    ("A14", "the fourth within an hour", counted(address_hour=3)),
    ("A14", "the eleventh within a day", counted(address_day=10)),
    ("A14", "a busy domain of others", replace(counted(domain_hour=30), policy=FOREIGN)),
    ("A14", "a busy ticket", counted(ticket_day=5)),
    ("A14", "a busy desk", counted(global_hour=200)),
    ("A15", "a mail of the day before yesterday", replace(PLAIN, age=timedelta(hours=49))),
    ("A16", "a muted address", counted(muted=True)),
    ("A16", "a relay to a muted address", replace(counted(muted=True), outgoing=RELAY)),
    ("A17", "an open breaker", counted(breaker_open=True)),
    ("A18", "a mail to the whole town", mailed(cc=(Address("", BOB),) * 10)),
]

PASSED: list[tuple[str, str, Case]] = [
    ("A1", "a person", PLAIN),
    ("A1", "a form, though a machine sent it", of_form()),
    ("A2", "a first answer", counted(answered_row=False)),
    ("A3", "the envelope may differ from From", mailed(return_path="bounce-17@news.example")),
    (
        "A3",
        "Reply-To within the domain of an authenticated sender",
        replace(
            mailed(reply_to=(Address("", "x@corp.example"),)),
            outgoing=replace(ACK, to="x@corp.example"),
            evidence=Evidence(Sender.AUTHENTICATED),
        ),
    ),
    ("A3", "Reply-To that is From", mailed(reply_to=(Address("", ANN.address),))),
    ("A4", "an ordinary domain", sent_to(BOB)),
    ("A5", "a specialist in person", sent_to("sam@corp.example")),
    ("A6", "a person of such a name", sent_to("abuser@home.example")),
    ("A7", "us in Cc", mailed(to=(Address("", BOB),), cc=(Address("", "Help+x@Corp.example"),))),
    ("A8", "a mail through the list that we are", headed(*THROUGH_OUR_LIST)),
    ("A8", "one that says it is no machine", headed(("auto-submitted", "No"), ("x-auto-response-suppress", "DR"))),
    ("A9", "a long way", mailed(hops=29)),
    ("A9", "delivered to us and to another", headed(("delivered-to", "support@corp.example"), ("delivered-to", BOB))),
    ("A9", "delivered twice to another", headed(("delivered-to", BOB), ("delivered-to", BOB))),
    (
        "A10",
        "an FAQ answer to somebody of the directory",
        replace(PLAIN, outgoing=FAQ, evidence=Evidence(in_directory=True, plain_from=True)),
    ),
    (
        "A10",
        "an owner of the token",
        replace(
            PLAIN,
            evidence=Evidence(token=TokenState.OK),
            policy=replace(DESK, trust=Trust(acknowledge_unknown=False)),
        ),
    ),
    ("A10", "no evidence is an unknown sender", replace(PLAIN, evidence=None)),
    ("A10", "a reminder on a ticket", replace(PLAIN, outgoing=REMINDER, mail=None, evidence=None)),
    ("A11", "a form of a machine", of_form(class_=MailClass.LIST)),
    ("A12", "the second in a row", counted(in_a_row=1)),
    ("A12", "a relay, for a person wrote it", replace(counted(in_a_row=9), outgoing=RELAY)),
    ("A13", "a reminder again", replace(counted(same_lately=True), outgoing=REMINDER, mail=None)),
    ("A14", "the third within an hour", counted(address_hour=2)),
    ("A14", "a morning on which the whole house writes", counted(domain_hour=60)),
    ("A14", "a lively conversation", replace(counted(address_hour=20, ticket_day=40), outgoing=RELAY)),
    ("A15", "a mail of yesterday", replace(PLAIN, age=timedelta(hours=47))),
    ("A15", "a mail of unknown age", replace(PLAIN, age=None)),
    ("A16", "an address that is not muted", counted(muted=False)),
    ("A17", "a closed breaker", counted(breaker_open=False)),
    ("A18", "ten recipients", mailed(cc=(Address("", BOB),) * 9)),
]


@pytest.mark.parametrize(
    ("rule", "case"), [(rule, case) for rule, _, case in STOPPED], ids=[f"{r}: {w}" for r, w, _ in STOPPED]
)
def test_the_rule_stops(rule: str, case: Case) -> None:
    verdict = case.judged()
    assert isinstance(verdict, Denied)
    assert verdict.rule == rule
    assert verdict.reason


@pytest.mark.parametrize("case", [case for _, _, case in PASSED], ids=[f"{r}: {w}" for r, w, _ in PASSED])
def test_the_rule_lets_pass(case: Case) -> None:
    assert case.judged() == Allowed()


@pytest.mark.parametrize("rule", RULES)
def test_each_rule_stops_what_no_other_stops(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fine: Callable[[object], str] = lambda _case: ""  # noqa: E731  # the rule as if it were deleted
    monkeypatch.setattr(gate, "RULES", {**RULES, rule: fine})
    alone = [case for code, _, case in STOPPED if code == rule and case.mail is not None]
    assert any(case.judged() == Allowed() for case in alone), f"{rule} could go and nobody would notice"
    assert rule in {code for code, _, _ in PASSED}


# ---------------------------------------------------------------- who is guarded by what

WORST = GateCounts(answered_row=True, in_a_row=9, same_lately=True, muted=True)


@pytest.mark.parametrize("outgoing", [HAND_OVER, ALERT])
def test_mail_to_groups_and_admins_meets_limits_and_breaker_only(outgoing: Outgoing) -> None:
    machine = replace(MAIL, class_=MailClass.MACHINE, return_path="", from_is_plain=False, hops=99)
    assert applying(outgoing) == ("A14", "A17")
    assert Case(outgoing, machine, counts=WORST, age=timedelta(days=9)).judged() == Allowed()


def test_a_busy_group_gets_its_mail_later_and_never_not_at_all() -> None:
    busy = replace(PLAIN, outgoing=HAND_OVER, counts=GateCounts(address_hour=60))
    assert busy.judged() == Allowed(NOW + timedelta(hours=1), "A14")
    assert replace(busy, counts=GateCounts(address_hour=59, ticket_day=999)).judged() == Allowed()
    assert replace(busy, counts=GateCounts(breaker_open=True)).judged() == Allowed(NOW + timedelta(minutes=15), "A17")
    assert replace(busy, counts=GateCounts(60, breaker_open=True)).judged() == Allowed(NOW + timedelta(hours=1), "A14")


def test_the_most_urgent_matter_never_waits_behind_a_storm() -> None:
    urgent = replace(ticket_in(State.ASSIGNED), priority=Priority.P1)
    view = InternalView(urgent, ANN, "Network")
    busy = replace(PLAIN, outgoing=replace(HAND_OVER, view=view), counts=GateCounts(address_hour=999))
    assert busy.judged() == Allowed()
    lesser = replace(view, ticket=replace(urgent, priority=Priority.P2))
    assert replace(busy, outgoing=replace(HAND_OVER, view=lesser)).judged() == Allowed(NOW + timedelta(hours=1), "A14")


def test_a_relay_above_the_limits_waits_unless_another_rule_stops_it() -> None:
    relay = replace(PLAIN, outgoing=RELAY, counts=GateCounts(address_hour=30))
    assert relay.judged() == Allowed(NOW + timedelta(hours=1), "A14")
    muted = replace(relay, counts=GateCounts(address_hour=30, muted=True))
    assert muted.judged() == Denied("A16", "the address is muted")


@pytest.mark.parametrize(
    ("outgoing", "rules"),
    [
        (ACK, tuple(RULES)),
        (replace(ACK, kind=OutgoingKind.CLOSED), tuple(RULES)),
        (replace(ACK, kind=OutgoingKind.CLOSED, cause=Cause.CLOCK), gate.WITHOUT_A_MAIL),
        (REMINDER, gate.WITHOUT_A_MAIL),
        (RELAY, gate.WITHOUT_A_MAIL),
    ],
)
def test_clock_and_specialists_are_bound_by_fewer_rules(outgoing: Outgoing, rules: tuple[str, ...]) -> None:
    assert applying(outgoing) == rules


def test_the_mail_of_a_specialist_is_not_judged_when_its_words_are_relayed() -> None:
    odd = replace(MAIL, from_is_plain=False, class_=MailClass.MACHINE, return_path=None, to=(), hops=99)
    assert replace(PLAIN, outgoing=RELAY, mail=odd, evidence=None).judged() == Allowed()
