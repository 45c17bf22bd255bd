"""Waiting for news on an IMAP connection: IDLE (RFC 2177), a minute at a time.

IDLE cannot tell a quiet mailbox from a line that is dead: nothing comes in either case. So each minute it is ended,
and a server that does not answer to that at once has gone; a mailbox is never deaf for longer than 90 seconds.
"""

from __future__ import annotations

import imaplib
import threading
import time
from dataclasses import dataclass

from imapclient import IMAPClient

from mailbot.transport.imap_patience import within

SLICE_SECONDS = 0.5


class Confused(Exception):
    """The server said something else than that it idles: nobody knows what it will answer next."""


@dataclass(frozen=True, slots=True)
class Quiet:
    """How long to believe in a connection on which nothing is said, and in a question without an answer."""

    idle_seconds: float
    probe_seconds: float


def await_news(client: IMAPClient, following: int, quiet: Quiet, timeout_seconds: float, stop: threading.Event) -> None:
    """Return when a message of UID `following` or later has come, when `stop` is set, or after the time."""
    end = time.monotonic() + timeout_seconds
    while not stop.is_set() and (left := end - time.monotonic()) > 0 and not _has_news(client, following, quiet):
        _idle(client, min(left, quiet.idle_seconds), quiet, stop)


def probe(client: IMAPClient, probe_seconds: float) -> None:
    """Raise where the server has gone."""
    with within(probe_seconds, client.socket()):
        client.noop()


def _has_news(client: IMAPClient, following: int, quiet: Quiet) -> bool:
    """Whether mail came since the folder was opened; an EXISTS in between was read by another command."""
    # Until it has sent EXISTS a server may keep new mail out of a SEARCH; NOOP gives it the occasion.
    probe(client, quiet.probe_seconds)
    with within(quiet.probe_seconds, client.socket()):
        # `n:*` names the last message even where its UID is below n.
        return any(uid >= following for uid in client.search(["UID", f"{following}:*"]))


def _idle(client: IMAPClient, timeout_seconds: float, quiet: Quiet, stop: threading.Event) -> None:
    try:
        with within(quiet.probe_seconds, client.socket()):
            client.idle()
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as answer:
        # imapclient takes an untagged line before the continuation for an error. An EXISTS is news; after anything
        # else (IDLE refused) the next turn comes at its time.
        if "EXISTS" not in str(answer):
            stop.wait(timeout_seconds)
        raise Confused from answer
    _listen(client, timeout_seconds, stop)
    with within(quiet.probe_seconds, client.socket()):
        client.idle_done()


def _listen(client: IMAPClient, timeout_seconds: float, stop: threading.Event) -> None:
    """Return at news, at `stop` or after the time; raise where the server has gone."""
    deadline, at_once = time.monotonic() + timeout_seconds, 0
    while not stop.is_set() and (left := deadline - time.monotonic()) > 0:
        patience, asked_at = min(SLICE_SECONDS, left), time.monotonic()
        answers = client.idle_check(timeout=patience)
        if any(answer[1:2] == (b"EXISTS",) for answer in answers):
            return
        # After EOF `idle_check` answers [] at once, for ever.
        at_once = at_once + 1 if not answers and time.monotonic() - asked_at < patience / 2 else 0
        if at_once > 1 or any(answer[:1] == (b"BYE",) for answer in answers):
            raise imaplib.IMAP4.abort("the server ended the connection while it was idle")
