"""Does mail to a plus-address arrive? A mail of the desk to itself, awaited where the desk reads.

It can never become a ticket: it is the desk's own by From and X-Loop, and its signed plus-address makes a running
daemon dispose of it as `ignored: probe`. Whether the daemon or the doctor sees it first does not matter: nothing is
marked, moved or deleted here, and the archive folder is watched as well.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from mailbot.daemon.examining.result import Place, Result
from mailbot.desk.policy import Identity
from mailbot.mail.compose import Draft, compose
from mailbot.mail.keyring import Keyring
from mailbot.mail.model import Address
from mailbot.mail.tokens import plus_address, sign_probe
from mailbot.transport.mailbox import Mailbox, MailboxUnavailable
from mailbot.transport.postman import DeliveryFailed, Envelope, Postman

WAIT_SECONDS = 60
LOOK_EVERY_SECONDS = 1.0
READ_BYTES = 256 * 1024
SKEW = timedelta(seconds=30)
SUBJECT = "mailbot doctor: does mail to a plus-address arrive?"
TEXT = """\
This mail was written by `mailbot doctor`, to see whether mail to support+TOKEN@… reaches the mailbox that the desk
reads. Nobody needs to do anything, and it can be deleted.
"""
REMEDY = (
    "let support+ANYTHING@… be delivered to the mailbox of support@… (Postfix: recipient_delimiter = +; Exchange: plus "
    "addressing), and look into its spam folder; without it answers are matched by References and footer alone"
)

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Probe:
    """A mail to look for."""

    plus: str
    address: str
    raw: bytes
    sent_at: datetime


@dataclass(frozen=True, slots=True)
class Lookout:
    """A folder, and the first UID that was not given when we began to look."""

    mailbox: Mailbox
    from_uid: int


@dataclass(frozen=True, slots=True)
class Arrival:
    """Where the probe, or what came back for it, was found."""

    folder: str
    bounced: bool
    internal_date: datetime


def write_probe(identity: Identity, keyring: Keyring, serial: int, now: datetime) -> Probe:
    """The probe of that number (40 random bits)."""
    plus = sign_probe(keyring, serial)
    address = plus_address(identity.token_base or identity.address, plus)
    draft = Draft(
        message_id=f"probe.{plus}@{identity.domain}",
        date=now,
        from_=Address(identity.name, identity.address),
        to=(Address("", address),),
        subject=SUBJECT,
        text=TEXT,
        headers=(
            ("X-Loop", identity.instance),
            ("Auto-Submitted", "auto-generated"),
            ("X-Auto-Response-Suppress", "All"),
        ),
    )
    return Probe(plus, address, compose(draft), now)


def send(probe: Probe, sender: str, postman: Postman) -> None:
    """Hand it over; raises DeliveryFailed."""

    async def deliver() -> None:
        try:
            await postman.deliver(Envelope(sender, probe.address, probe.raw), lambda: None)
        finally:
            await postman.close()

    asyncio.run(deliver())


def await_arrival(probe: Probe, lookouts: Sequence[Lookout], progress: Progress) -> Arrival | None:
    """Look into the folders until it is there or the time is up; a folder that cannot be read shows nothing."""
    began = time.monotonic()
    while True:
        passed = time.monotonic() - began
        progress(min(int(passed), WAIT_SECONDS), WAIT_SECONDS)
        if found := next(_arrivals(probe, lookouts), None):
            return found
        if passed >= WAIT_SECONDS:
            return None
        time.sleep(LOOK_EVERY_SECONDS)


def _arrivals(probe: Probe, lookouts: Sequence[Lookout]) -> Iterator[Arrival]:
    token = probe.plus.encode()
    for lookout in lookouts:
        try:
            lookout.mailbox.open()
            new = [ref.uid for ref in lookout.mailbox.uids(lookout.from_uid)]
            for mail in lookout.mailbox.fetch(new, READ_BYTES):
                header = mail.raw.partition(b"\r\n\r\n")[0].lower()
                if token in mail.raw.lower():
                    own = SUBJECT.lower().encode() in header and token in header
                    yield Arrival(lookout.mailbox.folder, not own, mail.internal_date)
        except MailboxUnavailable:
            continue


def results(place: Place, probe: Probe, arrival: Arrival | None, found_at: datetime) -> Iterator[Result]:
    """What the journey tells of plus-addresses and of the clock of the mail server."""
    if arrival is None:
        yield place.fail("plus-address", f"{probe.address}: sent, and not seen in any watched folder", REMEDY)
        return
    if arrival.bounced:
        yield place.fail("plus-address", f"{probe.address}: came back undelivered ({arrival.folder})", REMEDY)
    else:
        seconds = (found_at - probe.sent_at).total_seconds()
        yield place.ok("plus-address", f"{probe.address} arrived in {arrival.folder} within {seconds:.0f} s")
    yield _clock(place, probe, arrival, found_at)


def _clock(place: Place, probe: Probe, arrival: Arrival, found_at: datetime) -> Result:
    """It was delivered between the sending and the finding, whatever the server's clock says."""
    if probe.sent_at - SKEW <= arrival.internal_date <= found_at + SKEW:
        return place.ok("clock", "that of the mail server agrees with this machine's")
    off = (arrival.internal_date - found_at).total_seconds()
    remedy = "set both by NTP: targets and `since` are measured by this machine's clock"
    return place.warn("clock", f"the mail server's differs from this machine's by {off:+.0f} s", remedy)


def refused(place: Place, probe: Probe, failure: DeliveryFailed) -> Result:
    """The server did not even take it."""
    return place.fail("plus-address", f"{probe.address}: {failure.reason}", REMEDY)
