"""Who plays: requesters, specialists, admins, machines and a stranger, each doing by chance what such people do."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from email.message import EmailMessage

from tests.conversations.letters import Letter
from tests.conversations.people import SUPPORT, Correspondent, MailingList, Monitoring, Server
from tests.simulation.servers import POISON
from tests.simulation.world import World, Writing

REQUESTERS = ("ann@corp.example", "bob@corp.example", "dora@corp.example", "vic@corp.example")
SPECIALISTS = {
    "sam@corp.example": "network@lists.corp.example",
    "tia@corp.example": "network@lists.corp.example",
    "ida@corp.example": "infrastructure@lists.corp.example",
    "joe@corp.example": "",
    "kim@corp.example": "",
    "lead@corp.example": "",
}
LATEST_COPY = timedelta(days=3)
STRANGER = "eve@elsewhere.example"
MACHINE = "scanner@printer.corp.example"
NAMES = {"ann": "Ann Archer", "bob": "Bob Baker", "dora": "Dora Dietz", "vic": "Vic Vance", "sam": "Sam Sato"}
ASKED = ("request_to_confirm", "faq_answer", "clarifying_question", "reminder")
AUTOMATIC = {"Auto-Submitted": "auto-replied", "Subject": "Automatic reply: away"}

REQUESTS = (
    ("VPN is down", "The tunnel does not work any more since this morning. I am in room 12."),
    ("Database is slow", "The database server does not answer. Nobody can work."),
    ("New laptop", "I need a new laptop for Mia Miller, please."),
    ("Guest wifi", "How do visitors get onto the guest wifi?"),
    ("Something strange", "My chair makes a noise whenever I sit down."),
    ("Fernzugang", "Der Fernzugang geht seit heute nicht mehr. Ich bin in Raum 7."),
)
WORDS = (
    "I have tried that, and it is still the same.",
    "Here is one thing more: it began on Monday.",
    "Es geht immer noch nicht.",
    "Which version do I need?",
)
YES = ("Yes, it works again. Thank you!", "yes, solved", "ja, geht wieder")
NO = ("No, it still does not work.", "nein, geht immer noch nicht", "The same error again, unfortunately.")
ANY_ANSWER = (*YES, *NO, "Thank you very much!", "I will be back on Thursday.", "As I said.")
STEERING = (
    "#claim",
    "#resolve\nThe gateway had a full disk. It works again. {n}",
    "#resolve",
    "#wait requester\nWhich version of the client do you use? {n}",
    "#wait vendor",
    "#wait approval",
    "#wait 2026-03-20",
    "#priority P2",
    "#assign infrastructure",
    "#assign network",
    "#assign servicedesk",
    "#assign tia@corp.example",
    "#undo",
    "#reopen",
    "#incident",
    "#request",
    "#help",
    "#send",
    "#reject",
    "#accept",
)
MISTYPED = ("#reslove\nIt is done. {n}", "resolve #\nDone. {n}", "# resolve", "#wait never", "#priority P9", "#asign x")


class Cast:
    """Everybody; `acts` lets one of them do something."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.weather = world.weather
        self.late: list[tuple[datetime, Writing, bytes]] = []
        self.read: dict[str, int] = {}
        self.away = {one: self.weather.pick(["header", "bare"]) for one in REQUESTERS if self.weather.happens(0.15)}

    # ---------------------------------------------------------------- one step

    def acts(self) -> None:
        """Somebody writes, or answers something that has come."""
        self._late_copies()
        readers = [one for one in sorted(self.world.post) if len(self.world.post[one]) > self.read.get(one, 0)]
        if readers and self.weather.happens(0.75):
            self._reads(self.weather.pick(readers))
        else:
            self.weather.weighed(self._beginnings)()

    @property
    def _beginnings(self) -> list[tuple[float, Callable[[], None]]]:
        return [(6, self._asks), (1, self._alarms), (1, self._attacks), (0.5, self._scans), (0.4, self._damages)]

    def _reads(self, address: str) -> None:
        """The oldest letter that they have not read; sometimes an older one once more."""
        letters = self.world.post[address]
        place = self.read.get(address, 0)
        self.read[address] = place + 1
        letter = letters[place]
        if place and self.weather.happens(0.15):
            letter = self.weather.pick(letters[:place])
        if address in SPECIALISTS:
            self._works(address, letter)
        elif address in REQUESTERS or address == STRANGER:
            self._answers(address, letter)

    # ---------------------------------------------------------------- requesters

    def _asks(self) -> None:
        address = self.weather.pick(REQUESTERS) if self.weather.happens(0.9) else STRANGER
        many = 6 if self.weather.happens(0.05) else 1  # in a rage: what limits are for
        for _ in range(many):
            subject, text = self.weather.pick(REQUESTS)
            writing = self._new("request", address, sure=address != STRANGER)
            self._send(writing, self.who(address).composes(subject, f"{text} ({writing.number})"))

    def _answers(self, address: str, letter: Letter) -> None:
        if letter.envelope.rcpt_to in self.world.postman.refusals or self.weather.happens(0.06):
            self._bounces(letter)
        elif address in self.away:
            self._is_away(address, letter)
        elif letter.kind in ASKED and self.weather.happens(0.45):
            self._clicks(address, letter)
        elif letter.kind in ASKED:
            self._replies(address, letter, self.weather.pick(ANY_ANSWER))
        elif self.weather.happens(0.5):
            self._replies(address, letter, f"{self.weather.pick((*WORDS, *ANY_ANSWER))}")

    def _replies(self, address: str, letter: Letter, text: str) -> None:
        writing = self._new("reply", address, sure=True)
        words = text if text in ANY_ANSWER else f"{text} ({writing.number})"
        self._send(writing, self._answer(address, letter, words))

    def _clicks(self, address: str, letter: Letter) -> None:
        if not letter.links:
            return
        writing = self._new("click", address, sure=True)
        link = self.weather.pick(letter.links[:2])
        self._send(writing, self.who(address).composes(f"Re: {letter.subject}", "Yes or no.", to=link))

    def _is_away(self, address: str, letter: Letter) -> None:
        bare = self.away[address] == "bare"
        writing = self._new("absence", address, machine=not bare)
        message = self._answer(address, letter, "I am out of the office and back in two weeks.")
        for name, value in {} if bare else AUTOMATIC.items():
            del message[name]
            message[name] = value
        self._send(writing, message, copies=False)

    def _bounces(self, letter: Letter) -> None:
        writing = self._new("bounce", "MAILER-DAEMON", machine=True)
        with self.world.writing(writing):
            server = Server(self.world)
            if self.weather.happens(0.3):
                server.bounces(letter, "4.4.1", "451 4.4.1 no answer", "delayed")
            else:
                server.bounces(letter)

    # ---------------------------------------------------------------- specialists

    def _works(self, address: str, letter: Letter) -> None:
        choices: list[tuple[float, Callable[[], None]]]
        choices = [
            (5, lambda: self._helps(address, letter)),
            (6, lambda: self._steers(address, letter, self.weather.pick(STEERING))),
            (3, lambda: self._steers(address, letter, "#resolve\nIt works again. {n}")),
            (1.5, lambda: self._notes(address, letter)),
            (1, lambda: self._steers(address, letter, self.weather.pick(MISTYPED))),
            (0.7, lambda: self._is_careless(address, letter)),
            (4, self._leaves_it),
        ]
        self.weather.weighed(choices)()

    def _leaves_it(self) -> None:
        """Somebody else will do it."""

    def _helps(self, address: str, letter: Letter) -> None:
        writing = self._new("help", address, sure=True)
        self._send(writing, self._answer(address, letter, f"Please restart it and try again. ({writing.number})"))

    def _steers(self, address: str, letter: Letter, command: str) -> None:
        writing = self._new("command", address, sure=True)
        self._send(writing, self._answer(address, letter, command.format(n=f"({writing.number})")))

    def _notes(self, address: str, letter: Letter) -> None:
        writing = self._new("note", address, sure=True)
        writing.secret = f"SECRETNOTE{writing.number}X"
        before = self.weather.pick(["", "#claim\n", "#priority P3\n"])
        self._send(writing, self._answer(address, letter, f"{before}#note She forgets it always. {writing.secret}"))

    def _is_careless(self, address: str, letter: Letter) -> None:
        """Words of history among their own: somebody must look before the requester reads them."""
        writing = self._new("careless", address, sure=True)
        token = letter.answer_to.partition("+")[2].partition("@")[0]
        text = f"It works again. ({writing.number})\n\nTicket 1 [ref:{token}:ref]\nThe rest of it, without any mark."
        self._send(writing, self._answer(address, letter, text))

    # ---------------------------------------------------------------- machines, and worse

    def _alarms(self) -> None:
        writing = self._new("alert", "icinga@monitor.corp.example", machine=True)
        monitoring, what = Monitoring(self.world), f"db0{self.weather.pick('12')}/disk"
        with self.world.writing(writing):
            if self.weather.happens(0.3):
                monitoring.recovers(what)
            else:
                monitoring.reports(what)

    def _scans(self) -> None:
        writing = self._new("machine", MACHINE, machine=True)
        machine = Correspondent(self.world, MACHINE, "Scanner")
        headers = {"Auto-Submitted": "auto-generated"}
        self._send(writing, machine.composes("Toner low", f"Toner is low. {writing.number}", headers=headers))

    def _damages(self) -> None:
        """A mail that nobody can read, or that is too big."""
        address = self.weather.pick(REQUESTERS)
        writing = self._new("poison" if self.weather.happens(0.5) else "giant", address)
        text = "It is broken. " * (6_000 if writing.kind == "giant" else 1)
        headers = {POISON.decode().strip(": "): "yes"} if writing.kind == "poison" else {}
        self._send(writing, self.who(address).composes("Broken", text, headers=headers), copies=False)

    def _attacks(self) -> None:
        """Eve has letters that were meant for others, and can write any From."""
        letters = [letter for one in sorted(self.world.post) if one != STRANGER for letter in self.world.post[one]]
        if not letters:
            return
        letter = self.weather.pick(letters[-30:])
        forged = self.weather.happens(0.5)
        owner = self.weather.pick(sorted(SPECIALISTS)) if self.weather.happens(0.6) else self.weather.pick(REQUESTERS)
        writing = self._new("attack", owner if forged else STRANGER, hostile=True)
        eve = Correspondent(self.world, writing.author, "Eve", authenticated=False)
        text = self.weather.pick([*STEERING, *YES, *NO, "#note Let me in."]).format(n=writing.number)
        answers = letter if self.weather.happens(0.7) else None
        message = eve.composes(letter.subject, text, to=letter.answer_to if answers else SUPPORT, answers=answers)
        if forged:
            del message["Authentication-Results"]
            verdict = self.weather.pick(["fail", "none"])
            message["Authentication-Results"] = f"mx.corp.example; dmarc={verdict} header.from=corp.example"
        self._send(writing, message, copies=False)

    # ---------------------------------------------------------------- writing

    def who(self, address: str) -> Correspondent:
        name = NAMES.get(address.partition("@")[0], address.partition("@")[0].title())
        return Correspondent(self.world, address, name, authenticated=address != STRANGER)

    def _new(
        self, kind: str, author: str, *, machine: bool = False, hostile: bool = False, sure: bool = False
    ) -> Writing:
        return Writing(len(self.world.writings) + 1, kind, author, machine=machine, hostile=hostile, sure=sure)

    def _answer(
        self, address: str, letter: Letter, text: str, headers: Mapping[str, str] | None = None
    ) -> EmailMessage:
        subject = letter.subject if letter.subject.startswith("Re:") else f"Re: {letter.subject}"
        return self.who(address).composes(subject, text, to=letter.answer_to, answers=letter, headers=headers)

    def _send(self, writing: Writing, message: EmailMessage, *, copies: bool = True) -> None:
        """It arrives, perhaps more than once: by the list, by an alias, or from a server that repeats itself."""
        with self.world.writing(writing):
            through_list = copies and SPECIALISTS.get(writing.author) and self.weather.happens(0.1)
            original = bytes(message.as_bytes())
            if through_list:
                MailingList(self.world, SPECIALISTS[writing.author]).carries(_again(original))
            self.who(writing.author).sends(message)
        if copies and self.weather.happens(0.15):
            again = writing.raws[-1]
            if self.weather.happens(0.6):
                again = b"Delivered-To: helpdesk@corp.example\r\nX-Alias: helpdesk\r\n" + again
            gap = timedelta(hours=self.weather.random.uniform(0, 40) if self.weather.happens(0.3) else 0)
            self.late.append((self.world.clock.now() + gap, writing, again))

    def _late_copies(self) -> None:
        """None after so many days that the desk may take it for a new mail."""
        now = self.world.clock.now()
        due = [one for one in self.late if one[0] <= now]
        self.late = [one for one in self.late if one not in due]
        for at, writing, raw in due:
            if now < at + LATEST_COPY:
                with self.world.writing(writing):
                    self.world.receives(raw)


def _again(raw: bytes) -> EmailMessage:
    message = email.message_from_bytes(raw, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message
