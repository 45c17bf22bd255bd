"""The people (and machines) of a story, each with an ordinary mail program."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import getaddresses

from mailbot.desk.ticket import Ticket
from mailbot.store.rows import InboxLine
from tests.conversations.desk import Desk
from tests.conversations.letters import Letter, written

SUPPORT = "support@corp.example"
TRAVEL_TIME = timedelta(seconds=5)  # nobody writes and is read in the same moment


@dataclass
class Thread:
    """What became of a mail that somebody wrote."""

    desk: Desk
    message_id: str

    @property
    def row(self) -> InboxLine:
        return next(line for line in self.desk.mails_in() if line.message_id == self.message_id)

    @property
    def disposition(self) -> str:
        return f"{self.row.state}: {self.row.reason}"

    @property
    def ticket(self) -> Ticket:
        assert self.row.ticket is not None, f"this mail touched no ticket ({self.disposition})"
        return self.desk.ticket(self.row.ticket)

    @property
    def number(self) -> int:
        return self.ticket.number

    @property
    def state(self) -> str:
        """In a word: `resolved`."""
        return self.ticket.state.value


@dataclass
class Correspondent:
    """Somebody who writes to the desk and reads what it sends. `authenticated`: their server vouches for them."""

    desk: Desk
    address: str
    name: str
    authenticated: bool = True
    _read: int = 0
    _last: Letter | None = field(default=None, repr=False)

    @property
    def inbox(self) -> list[Letter]:
        return self.desk.post[self.address]

    def writes(
        self,
        subject: str,
        text: str,
        *,
        to: str = SUPPORT,
        attachments: Mapping[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Thread:
        """A new mail."""
        return self.sends(self.composes(subject, text, to=to, attachments=attachments, headers=headers))

    def replies(
        self,
        text: str,
        *,
        to: Letter | None = None,
        attachments: Mapping[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Thread:
        """An answer to the letter read last (or to another one), with quote and thread headers, to its Reply-To."""
        letter = to or self._last or self.inbox[-1]
        subject = letter.subject if letter.subject.startswith("Re:") else f"Re: {letter.subject}"
        return self.sends(
            self.composes(subject, text, to=letter.answer_to, answers=letter, attachments=attachments, headers=headers)
        )

    def clicks(self, letter: Letter, which: int, text: str = "") -> Thread:
        """Follow a mailto link of the letter (0 = the first) and send what the mail program opens."""
        return self.sends(self.composes(f"Re: {letter.subject}", text, to=letter.links[which]))

    def composes(
        self,
        subject: str,
        text: str,
        *,
        to: str = SUPPORT,
        answers: Letter | None = None,
        attachments: Mapping[str, bytes] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> EmailMessage:
        """The mail, not yet sent."""
        message = written(
            name=self.name,
            address=self.address,
            to=to,
            subject=subject,
            text=text,
            at=self.desk.clock.now(),
            number=self.desk.next_number(),
            answers=answers,
            attachments=attachments,
            headers=headers,
        )
        domain = self.address.partition("@")[2]
        verdict = "pass" if self.authenticated else "none"
        del message["Authentication-Results"]
        message["Authentication-Results"] = f"mx.corp.example; dmarc={verdict} header.from={domain}"
        return message

    def sends(self, message: EmailMessage) -> Thread:
        """It arrives."""
        return arrives(self.desk, message)

    def gets(self, kind: str) -> Letter:
        """The next mail in the own inbox, which must be of this kind."""
        unread = self.inbox[self._read :]
        assert unread, f"{self.name} got nothing more, and waits for {kind}"
        assert unread[0].kind == kind, f"{self.name} got {unread[0].kind}, and waits for {kind}"
        self._read += 1
        self._last = unread[0]
        return unread[0]

    def gets_nothing(self) -> None:
        """No unread mail."""
        unread = [letter.kind for letter in self.inbox[self._read :]]
        assert not unread, f"{self.name} got {', '.join(unread)}"

    def skips(self) -> None:
        """Read everything that has come, without a look."""
        self._read = len(self.inbox)
        self._last = self.inbox[-1] if self.inbox else None


def arrives(desk: Desk, message: EmailMessage) -> Thread:
    """The mail reaches the support mailbox, topmost the result of the organisation's server."""
    desk.clock.step(TRAVEL_TIME)
    results = message["Authentication-Results"]
    del message["Authentication-Results"]
    desk.receives(f"Authentication-Results: {results}\r\n".encode() + message.as_bytes())
    return Thread(desk, str(message["Message-ID"]).strip("<>"))


@dataclass
class Monitoring:
    """A monitoring system."""

    desk: Desk
    address: str = "icinga@monitor.corp.example"

    def reports(self, what: str, state: str = "CRITICAL") -> Thread:
        """It is broken."""
        return self._says(f"PROBLEM: {what} is {state}", f"{what} is {state}.")

    def recovers(self, what: str) -> Thread:
        """It works again."""
        return self._says(f"RECOVERY: {what} is OK", f"{what} is OK.")

    def _says(self, subject: str, text: str) -> Thread:
        machine = Correspondent(self.desk, self.address, "Icinga")
        return machine.writes(subject, text, headers={"Auto-Submitted": "auto-generated"})


@dataclass
class MailingList:
    """The Mailman list of the network team, which the desk reads as a member. `munges`: From is rewritten (DMARC)."""

    desk: Desk
    address: str = "network@lists.corp.example"
    munges: bool = False

    def carries(self, message: EmailMessage) -> Thread:
        """The desk's copy of a post: with the headers of the list, and its footer below the last line."""
        domain = self.address.partition("@")[2]
        copy = email.message_from_bytes(message.as_bytes(), policy=email.policy.SMTP)
        assert isinstance(copy, EmailMessage)
        written_at = copy.get_content()
        copy.set_content(f"{written_at.rstrip()}\n{FOOTER.format(address=self.address)}")
        del copy["Return-Path"]
        copy["Return-Path"] = f"<network-bounces@{domain}>"
        copy["Sender"] = f"Network <network-bounces@{domain}>"
        copy["List-Id"] = f"Network <network.{domain}>"
        copy["List-Post"] = f"<mailto:{self.address}>"
        copy["Precedence"] = "list"
        if self.munges:
            name, author = getaddresses([str(copy["From"])])[0]
            del copy["From"]
            del copy["Authentication-Results"]
            copy["From"] = str(Address(f"{name} via Network", addr_spec=self.address))
            copy["Reply-To"] = str(Address(name, addr_spec=author))
            copy["Authentication-Results"] = f"mx.corp.example; dmarc=pass header.from={domain}"
        return arrives(self.desk, copy)


FOOTER = """\
_______________________________________________
Network mailing list -- {address}
To unsubscribe send an email to network-leave@lists.corp.example
"""


@dataclass
class Server:
    """The mail server at the other end."""

    desk: Desk

    def bounces(
        self,
        letter: Letter,
        status: str = "5.1.1",
        diagnosis: str = "550 5.1.1 User unknown",
        action: str = "failed",
    ) -> Thread:
        """The letter comes back (RFC 3464) to its envelope sender."""
        number = self.desk.next_number()
        recipient = letter.envelope.rcpt_to
        raw = _BOUNCE.format(
            number=number,
            to=letter.envelope.mail_from,
            recipient=recipient,
            status=status,
            action=action,
            diagnosis=diagnosis,
            headers=letter.envelope.raw.partition(b"\r\n\r\n")[0].decode("ascii"),
        )
        self.desk.receives(raw.replace("\r\n", "\n").replace("\n", "\r\n").encode())
        return Thread(self.desk, f"bounce-{number}@mx.other.example")

    def is_down(self, recipient: str, reply: str) -> None:
        """From now on it answers every mail to this address so."""
        self.desk.postman.refusals[recipient] = reply

    def is_up(self, recipient: str) -> None:
        """It takes mail again."""
        self.desk.postman.refusals.pop(recipient, None)


_BOUNCE = """\
Return-Path: <>
Received: from mx.other.example by mx.corp.example; Mon, 02 Mar 2026 09:00:00 +0000
From: Mail Delivery System <MAILER-DAEMON@mx.other.example>
To: {to}
Subject: Undelivered Mail Returned to Sender
Date: Mon, 02 Mar 2026 09:00:00 +0000
Message-ID: <bounce-{number}@mx.other.example>
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="bounce"

--bounce
Content-Type: text/plain

Your message could not be delivered.

--bounce
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.other.example

Final-Recipient: rfc822; {recipient}
Action: {action}
Status: {status}
Diagnostic-Code: smtp; {diagnosis}

--bounce
Content-Type: text/rfc822-headers

{headers}

--bounce--
"""
