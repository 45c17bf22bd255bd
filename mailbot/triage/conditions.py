"""Conditions of routing rules: one small function each; its docstring is the help that admins read.

To add a condition, write a function, name it in `CONDITIONS` and add a row to its test; `mailbot check` and the
documentation know it from there. Any one of a condition's values is enough; all conditions of a rule must hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from mailbot.mail.model import ascii_fold, same_address
from mailbot.triage.diagnosis import Diagnosis, full_text
from mailbot.triage.patterns import compile_pattern
from mailbot.triage.policy import Condition, Matter, Pattern

ConditionFunction = Callable[[Condition, Matter, Diagnosis], bool]

_QUESTION = "question"
_KINDS = ("incident", "request", _QUESTION)


def subject_matches(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The subject holds one of these words, phrases or /patterns/."""
    return _any_match(condition.patterns, (matter.subject,))


def body_matches(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The new words of the mail (no quoted text) hold one of these words, phrases or /patterns/."""
    return _any_match(condition.patterns, (matter.text,))


def text_matches(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """Subject or new words hold one of these words, phrases or /patterns/."""
    return _any_match(condition.patterns, (full_text(matter),))


def text_lacks(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """Neither subject nor new words hold any of these words, phrases or /patterns/."""
    return not _any_match(condition.patterns, (full_text(matter),))


def sender_is(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The mail is from one of these addresses, or from one of these domains (`@example.com`)."""
    return any(_is_address(value, matter.sender) for value in condition.values)


def recipient_is(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The mail is to one of these addresses (with or without `+…`), or to one of these domains (`@example.com`)."""
    spelled = {*matter.to, *(_without_plus(address) for address in matter.to)}
    return any(_is_address(value, address) for value in condition.values for address in spelled)


def account_is(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The mail arrived in one of these mailboxes."""
    return _is_one_of(matter.account, condition.values)


def language_is(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The mail is in one of these languages (`en`, `de`, …)."""
    return _is_one_of(matter.language, condition.values)


def attachment_matches(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The name of an attachment holds one of these words (`*.zip`) or /patterns/."""
    return _any_match(condition.patterns, matter.attachments)


def header_matches(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """A header holds a word or /pattern/ (`X-Priority: 1`), or is there at all (`X-Priority`)."""
    pairs = zip(condition.values, condition.patterns, strict=True)
    return any(_header_holds(value, pattern, matter.headers) for value, pattern in pairs)


def vip_is(condition: Condition, matter: Matter, _: Diagnosis) -> bool:
    """The sender is (`true`) or is not (`false`) a VIP of the people directory."""
    return ("true" if matter.vip else "false") in condition.values


def kind_is(condition: Condition, _: Matter, diagnosis: Diagnosis) -> bool:
    """By its words the mail is an `incident`, a `request` or a `question`."""
    kinds = {diagnosis.kind.value, _QUESTION} if diagnosis.question else {diagnosis.kind.value}
    return not kinds.isdisjoint(condition.values)


CONDITIONS: dict[str, ConditionFunction] = {
    "subject": subject_matches,
    "body": body_matches,
    "text": text_matches,
    "unless": text_lacks,
    "from": sender_is,
    "to": recipient_is,
    "account": account_is,
    "language": language_is,
    "attachment": attachment_matches,
    "header": header_matches,
    "vip": vip_is,
    "kind": kind_is,
}

_OF_PATTERNS = ("subject", "body", "text", "unless", "attachment")
_CHOICES = {"vip": ("true", "false"), "kind": _KINDS}


def make_condition(key: str, values: Sequence[str]) -> Condition:
    """The condition an admin wrote, patterns compiled; ValueError says what is wrong with `key` or one of `values`."""
    if key not in CONDITIONS:
        raise ValueError(f'unknown condition "{key}"')
    if not values:
        raise ValueError(f'condition "{key}" has no value')
    written = tuple(value.strip() for value in values)
    if key in _OF_PATTERNS:
        return Condition(key, written, tuple(compile_pattern(value) for value in written))
    if key == "header":
        return Condition(key, written, tuple(_compile_header(value) for value in written))
    for value in written:
        _check_value(key, value)
    return Condition(key, written)


def _check_value(key: str, value: str) -> None:
    if not value:
        raise ValueError(f'condition "{key}" has an empty value')
    if key in _CHOICES and value not in _CHOICES[key]:
        raise ValueError(f'condition "{key}" is one of {", ".join(_CHOICES[key])}, not "{value}"')
    if key in ("from", "to") and (value.count("@") != 1 or value.endswith("@")):
        raise ValueError(f'"{value}" is neither an address nor a domain such as @example.com')


def _compile_header(value: str) -> Pattern:
    name, _, wanted = value.partition(":")
    if not name.strip():
        raise ValueError(f'"{value}" names no header')
    return compile_pattern(wanted if wanted.strip() else name)  # without a pattern the name alone decides


def _header_holds(value: str, pattern: Pattern, headers: Iterable[tuple[str, str]]) -> bool:
    name, _, wanted = value.partition(":")
    named = (content for key, content in headers if key == name.strip().lower())
    return any(not wanted.strip() or pattern.search(content) is not None for content in named)


def _any_match(patterns: Iterable[Pattern], texts: Iterable[str]) -> bool:
    return any(pattern.search(text) is not None for text in texts for pattern in patterns)


def _is_address(wanted: str, address: str) -> bool:
    if wanted.startswith("@"):
        return same_address(wanted, "@" + address.rpartition("@")[2]) and "@" in address
    return same_address(wanted, address)


def _without_plus(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return local.partition("+")[0] + at + domain


def _is_one_of(value: str, wanted: Iterable[str]) -> bool:
    return ascii_fold(value) in {ascii_fold(each) for each in wanted}
