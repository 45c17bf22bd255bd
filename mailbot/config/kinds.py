"""The kinds of values that settings have, each with its check: addresses, durations, patterns, texts by language."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from mailbot.mail.addresses import is_plain_address
from mailbot.mail.model import ascii_fold
from mailbot.triage.patterns import compile_pattern
from mailbot.triage.words import Phrases

ANY_LANGUAGE = "*"
SINCE = ("first start", "everything")
_EXPRESSION = re.compile(r"\\[dDsSwWbB]|\.[*+]|\(\?|\[[^\]]*\]|[^ ]\$$|^\^")
_SPAN = re.compile(r"\s*(\d+(?:\.\d+)?)\s*(d|h|m|min|s)(?=[\s\d]|$)")
_UNIT_MINUTES = {"d": 1440.0, "h": 60.0, "m": 1.0, "min": 1.0, "s": 1 / 60}
_NAME = re.compile(r"[\w][\w .&/+-]{0,63}")
_DOMAIN = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
_LANGUAGE = re.compile(r"[a-z]{2}")


class Table(BaseModel):
    """A table of a file: keys that it does not know are mistakes."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _address(value: str) -> str:
    address = ascii_fold(value.strip())
    if not is_plain_address(address):
        raise ValueError(f"not a mail address: {value!r}")
    return address


def _sender(value: str) -> str:
    if value.startswith("@"):
        return "@" + _domain(value[1:])
    return _address(value)


def _domain(value: str) -> str:
    domain = ascii_fold(value.strip())
    if _DOMAIN.fullmatch(domain) is None:
        raise ValueError(f"not a domain name: {value!r}")
    return domain


def _name(value: str) -> str:
    if _NAME.fullmatch(value) is None or value != value.strip():
        raise ValueError(f"not a name: {value!r} (1 to 64 letters, digits, spaces and . & / + - _)")
    return value


def _language(value: str) -> str:
    if _LANGUAGE.fullmatch(value) is None:
        raise ValueError(f'not a language: {value!r} (two lower-case letters, such as "en")')
    return value


def _pattern(value: str) -> str:
    compile_pattern(value)
    refuse_bare_expression(value)
    return value


def refuse_bare_expression(value: str) -> None:
    """Raise ValueError for what can only be a regular expression, but lacks the slashes that make it one."""
    if not value.startswith("/") and _EXPRESSION.search(value):
        raise ValueError(f"{value!r} looks like a regular expression: write it between slashes, /{value}/")


def _phrase(value: str) -> str:
    Phrases([value])
    return value


def read_since(value: Any) -> Any:
    """From when on mail counts: "first start", "everything", or a day."""
    if isinstance(value, str) and value not in SINCE:
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(
                f'must be "first start", "everything" or a date such as 2025-01-31, not {value!r}'
            ) from None
    return value.date() if isinstance(value, datetime) else value


def _one_line(value: str) -> str:
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in value):
        raise ValueError("must be one line without control characters")
    return value


def read_duration(value: Any) -> timedelta:
    """A duration: a number of minutes, or text such as "30m", "4h", "2d" (a day has 24 hours), "1h 30m"."""
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return timedelta(minutes=value)
    if isinstance(value, str) and value.strip() and not _SPAN.sub("", value).strip():
        return timedelta(minutes=sum(float(n) * _UNIT_MINUTES[unit] for n, unit in _SPAN.findall(value)))
    raise ValueError(f'not a duration: {value!r} (minutes, or "30m", "4h", "2d", "1h 30m")')


def _by_language(value: Any) -> Any:
    return {ANY_LANGUAGE: value} if isinstance(value, str) else value


def _many(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Address = Annotated[str, AfterValidator(_address)]
Sender = Annotated[str, AfterValidator(_sender)]
Domain = Annotated[str, AfterValidator(_domain)]
Name = Annotated[str, AfterValidator(_name)]
Language = Annotated[str, AfterValidator(_language)]
PatternText = Annotated[str, AfterValidator(_pattern)]
Phrase = Annotated[str, AfterValidator(_phrase)]
OneLine = Annotated[str, AfterValidator(_one_line)]
Duration = Annotated[timedelta, BeforeValidator(read_duration)]
Text = Annotated[dict[str, str], BeforeValidator(_by_language)]  # one text for all languages, or one for each
OneOrMany = BeforeValidator(_many)
