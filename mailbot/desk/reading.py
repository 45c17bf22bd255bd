"""What a reply on a ticket means: steering by a specialist, or an answer of the requester's side."""

from __future__ import annotations

from mailbot.desk.commands import CommandBlock, read_commands
from mailbot.desk.confirmation import read_intent
from mailbot.desk.event import Event, Held, Meaning, RequesterReplied, SpecialistCommanded, SpecialistReplied
from mailbot.desk.evidence import ActingAs, Evidence
from mailbot.desk.outgoing import NoteCode
from mailbot.desk.policy import Policy
from mailbot.desk.relay import new_words, relay_text
from mailbot.desk.remarks import HoldCode, Remark
from mailbot.desk.requester import is_stale, person_of, request_of
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import State, Ticket
from mailbot.desk.trust import Action, Verdict, action_of, allows
from mailbot.mail.model import Mail, ascii_fold
from mailbot.mail.tokens import Intent, Reading
from mailbot.triage.assessment import Reason

_PENDING_QUESTION = (State.RESOLVED, State.ANSWERED)


# ---------------------------------------------------------------- specialists


def read_steering(mail: Mail, situation: Situation, evidence: Evidence, policy: Policy) -> Event:
    """Commands, or words for the requester; what is doubtful is held, and the specialist is asked at once."""
    block = read_commands(mail.reply, situation.sent_lines, situation.now.date(), policy)
    verdict = _permission(block, evidence, policy)
    specialist = ascii_fold(mail.sender.address)
    if not verdict.allowed and verdict.hold and not evidence.released_by:
        return Held(verdict.hold, "", evidence, NoteCode.HELD_MAIL)
    name = _display_name(mail, specialist, policy)
    reasons = (Reason("a specialist writes", verdict.reason),)
    if block.broken or (block.commands and not block.text.strip()):
        return SpecialistCommanded(specialist, name, evidence, block.commands, block.text, block.broken, reasons)
    words = relay_text(mail, situation, policy, block.text if block.commands else None)
    if words.hold and not evidence.released_by:
        return Held(words.hold, specialist, evidence, NoteCode.HELD_RELAY, words.text or block.text)
    text = words.text or (block.text if evidence.released_by else "")
    if block.commands:
        return SpecialistCommanded(specialist, name, evidence, block.commands, text, False, reasons)
    if not text.strip():
        return Held(Remark(HoldCode.NO_TEXT), specialist, evidence, NoteCode.HELD_RELAY, mail.text)
    return SpecialistReplied(specialist, name, evidence, text, reasons)


def _permission(block: CommandBlock, evidence: Evidence, policy: Policy) -> Verdict:
    """The first refusal that would hold the mail; risky commands are judged one by one when they are obeyed."""
    if evidence.role is ActingAs.ADMIN:
        return allows(Action.ADMIN_REPLY, evidence, policy)
    actions = [action_of(command) for command in block.commands if command.problem is None] or [Action.RELAY]
    verdicts = [allows(action, evidence, policy) for action in actions]
    return next((verdict for verdict in verdicts if verdict.hold), verdicts[0])


def _display_name(mail: Mail, specialist: str, policy: Policy) -> str:
    person = policy.people.get(specialist)
    return person.name if person else mail.sender.name


# ---------------------------------------------------------------- the requester's side


def read_reply(mail: Mail, situation: Situation, evidence: Evidence, reading: Reading | None, policy: Policy) -> Event:
    """An answer of the requester's side with its meaning; long after closing it is a new request that follows."""
    ticket = situation.ticket
    assert ticket is not None, "a reply belongs to a ticket"
    if is_stale(ticket, situation, policy):
        why = Reason("a new ticket", f"#{ticket.number} was closed long ago")
        return request_of(mail, situation, evidence, policy, why, follows=ticket.number)
    verdict = allows(Action.ADD, evidence, policy)
    if not verdict.allowed:
        if verdict.hold:
            return Held(verdict.hold, ticket.group, evidence, NoteCode.UNKNOWN_COLLEAGUE, mail.reply)
        return request_of(mail, situation, evidence, policy, Reason("a new ticket", verdict.reason))
    text = new_words(mail, situation)
    meaning, why = meaning_of(text, mail, ticket, evidence, reading, policy)
    cycle = reading.claims.cycle if reading else None
    person = person_of(mail, situation, policy)
    return RequesterReplied(meaning, evidence, person, text, cycle, (why,))


def meaning_of(
    text: str, mail: Mail, ticket: Ticket, evidence: Evidence, reading: Reading | None, policy: Policy
) -> tuple[Meaning, Reason]:
    """What the words (or the link of a request to confirm) say, as far as the evidence lets them."""
    claims = reading.claims if reading and reading.token else None
    current = claims is not None and claims.cycle == ticket.cycle
    if claims is not None and claims.intent is not None:
        return _linked(claims.intent, current, evidence, policy)
    intent = read_intent(text, policy.triage.words, mail.language or ticket.language)
    said = Reason(f"read as {intent.value}", ", ".join(intent.words) or "no word of the lists decides")
    if intent.value is Meaning.CONFIRMED:
        return _confirmed(current, evidence, policy, said)
    if intent.value is Meaning.UNCLEAR and not (ticket.state in _PENDING_QUESTION and current):
        return Meaning.NEW_WORDS, Reason("read as new words", "they answer no question of ours")
    if intent.value is Meaning.UNCLEAR and mail.attachments:
        return Meaning.NEW_WORDS, Reason("read as new words", "something is attached")
    return intent.value, said


def _linked(intent: Intent, current: bool, evidence: Evidence, policy: Policy) -> tuple[Meaning, Reason]:
    """A link of the request to confirm; an older one that arrives again is an entry and moves nothing."""
    if not current:
        return Meaning.COURTESY, Reason("an old link", "it belongs to an earlier request to confirm")
    if intent is Intent.REJECTED:
        return Meaning.REJECTED, Reason("read as rejected", "the link of the request to confirm")
    verdict = allows(Action.CONFIRM, evidence, policy)
    if not verdict.allowed:
        return Meaning.UNCLEAR, Reason("not taken as a confirmation", verdict.reason)
    return Meaning.CONFIRMED, Reason("read as confirmed", "the link of the request to confirm")


def _confirmed(current: bool, evidence: Evidence, policy: Policy, said: Reason) -> tuple[Meaning, Reason]:
    verdict = allows(Action.CONFIRM, evidence, policy)
    if not verdict.allowed:
        return Meaning.UNCLEAR, Reason("not taken as a confirmation", verdict.reason)
    if not current:
        return Meaning.UNCLEAR, Reason("not taken as a confirmation", "it answers an earlier mail of this ticket")
    return Meaning.CONFIRMED, said
