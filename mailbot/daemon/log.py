"""What the daemon writes to its log: logfmt, one line an event, never the words of a mail and never a secret.

    level=info event=delivered outbox=17 ticket=4 kind=hand_over

Values that come from outside are escaped: whoever puts a line break into a subject still gets one line.
"""

from __future__ import annotations

import logging
import re
import sys
from typing import TextIO

from mailbot.store.failures import DatabaseUnavailable
from mailbot.transport.mailbox import MailboxUnavailable
from mailbot.transport.postman import DeliveryFailed

LOGGER = logging.getLogger("mailbot")
VALUE_CHARACTERS = 300
REASON_CHARACTERS = 200
# Ours, and the system's: they tell of servers and files, and hold nothing of a mail.
_TOLD = (DatabaseUnavailable, MailboxUnavailable, DeliveryFailed, OSError)
_PLAIN = re.compile(r"[\w.,:;@+/<>()\[\]#*%-]+", re.ASCII)
# Control characters, the line and paragraph separators, and marks that turn the direction of writing.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def log(event: str, level: int = logging.INFO, **fields: object) -> None:
    """Write one event; fields that are None or empty are left out."""
    if LOGGER.isEnabledFor(level):
        LOGGER.log(level, "%s", line(event, level, **fields))


def warn(event: str, **fields: object) -> None:
    """An event that somebody should look at."""
    log(event, logging.WARNING, **fields)


def crash(event: str, error: BaseException, **fields: object) -> None:
    """A fault: the event, its kind and the place; its words only where they cannot be those of a mail."""
    words = _words(error) if isinstance(error, _TOLD) else None
    log(event, logging.ERROR, **fields, error=type(error).__name__, reason=words, at=_place(error))


def problem_of(error: BaseException) -> str:
    """What went wrong, in a line that may be shown: the kind, and for what holds no mail also the words."""
    kind = type(error).__name__
    return f"{kind}: {words}" if isinstance(error, _TOLD) and (words := _words(error)) else kind


def line(event: str, level: int = logging.INFO, **fields: object) -> str:
    """The event as one line of logfmt."""
    pairs = {"level": logging.getLevelName(level).lower(), "event": event, **fields}
    return " ".join(f"{key}={_value(value)}" for key, value in pairs.items() if value is not None and value != "")


def start_logging(stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send the log to `stream` (default: standard error, which systemd keeps with the time)."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(logging.Formatter("%(message)s"))
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(level)
    LOGGER.propagate = False


def _value(value: object) -> str:
    text = str(value)
    if len(text) > VALUE_CHARACTERS:
        text = text[:VALUE_CHARACTERS] + "…"
    if _PLAIN.fullmatch(text):
        return text
    text = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + _UNSAFE.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + '"'


def _words(error: BaseException) -> str:
    """Its first line, which may still come from outside."""
    words = error.strerror if isinstance(error, OSError) else None
    first = (words or str(error)).strip().partition("\n")[0]
    return _UNSAFE.sub(" ", first)[:REASON_CHARACTERS]


def _place(error: BaseException) -> str:
    """File and line where it happened: the innermost frame of our own, else the innermost."""
    place, trace = "", error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        if "mailbot" in file or not place:
            place = f"{file.rpartition('/')[2]}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
