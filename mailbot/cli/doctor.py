"""`mailbot doctor`: live connections, keys, clocks and trust; every line says what was found and what helps.

It may run beside the daemon. Exit code: 0 nothing is broken, 1 something is, 3 something could not be reached.
"""

from __future__ import annotations

import argparse
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from mailbot.app import open_mailbox, open_postman
from mailbot.cli.console import Console
from mailbot.cli.desk import now
from mailbot.config.keys import keys_made
from mailbot.config.load import load
from mailbot.config.locate import find_config
from mailbot.config.snapshot import MailboxSettings, Snapshot
from mailbot.daemon.examining import house, probe, servers
from mailbot.daemon.examining.probe import Lookout
from mailbot.daemon.examining.result import Place, Result, State
from mailbot.mail.tokens import plus_address, sign_bounce
from mailbot.store.database import Database, DatabaseUnavailable
from mailbot.store.sqlite import sqlite_file
from mailbot.transport.imap import ImapSettings
from mailbot.transport.imap_survey import survey_imap
from mailbot.transport.mailbox import MailboxUnavailable
from mailbot.transport.maildir import MaildirSettings
from mailbot.transport.postman import DeliveryFailed
from mailbot.transport.smtp import SmtpSettings
from mailbot.transport.smtp_survey import survey_smtp

STYLES = {State.OK: "green", State.WARN: "yellow", State.FAIL: "red"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`doctor [--lists] [--no-probe]`."""
    parser.add_argument("--lists", action="store_true", help="ask the mail server about the lists of the groups, too")
    parser.add_argument("--no-probe", action="store_true", help="send no mail to the desk itself")


def run(arguments: argparse.Namespace, console: Console) -> int:
    """Examine everything, and show each line as it is known."""
    visit = Visit(load(find_config(arguments.config)))
    found: list[Result] = []
    with tempfile.TemporaryDirectory(prefix="mailbot-doctor-") as scratch:
        for result in visit.examine(Path(scratch), console, lists=arguments.lists, probing=not arguments.no_probe):
            _show(result, console)
            found.append(result)
    broken = sum(result.state is State.FAIL for result in found)
    console.say(f"{broken} to mend" if broken else "nothing is broken", "red" if broken else "green")
    if any(result.unreachable for result in found):
        return 3
    return 1 if broken else 0


def _show(result: Result, console: Console) -> None:
    if console.as_json:
        console.record(result)
    line = f"{result.state.value:5}{result.where:18} {result.what:13} {result.found}"
    if result.remedy:
        line += f"\n{'':24} → {result.remedy}"
    if result.state is State.FAIL and not console.as_json:
        console.complain(line)
    else:
        console.say(line, STYLES[result.state])


@dataclass(slots=True)
class Visit:
    """One round of the doctor through the desk of a configuration."""

    snapshot: Snapshot
    lookouts: list[Lookout] = field(default_factory=list)  # where the probe may arrive
    sends: bool = False  # whether [smtp] can be used
    ids: list[str] = field(default_factory=list)  # authserv-ids of mail that is there

    def examine(self, scratch: Path, console: Console, *, lists: bool, probing: bool) -> Iterator[Result]:
        """Every result, as it is found."""
        snapshot = self.snapshot
        for settings in snapshot.mailboxes:
            yield from self._mailbox(settings, scratch)
        yield from self._smtp("smtp", snapshot.smtp, self._lists() if lists else ())
        if snapshot.alert_smtp is not None:
            yield from self._smtp("alert_smtp", snapshot.alert_smtp, ())
        if probing:
            yield from self._probe(console)
        yield from self._database()
        yield from house.key_results(Place("keys"), keys_made(snapshot.folder), now())
        yield house.trust_result(Place("trust"), snapshot.policy.trust, self.ids)
        for lookout in self.lookouts:
            lookout.mailbox.close()

    def _lists(self) -> tuple[str, ...]:
        groups = self.snapshot.policy.groups.values()
        return tuple(group.list_address for group in groups if group.list_address)

    # ---------------------------------------------------------------- mailboxes

    def _mailbox(self, settings: MailboxSettings, scratch: Path) -> Iterator[Result]:
        place = Place(f"mailbox {settings.account}")
        try:
            match settings.transport:
                case ImapSettings():
                    yield from self._imap(place, settings, settings.transport)
                case MaildirSettings():
                    yield from self._maildir(place, settings, settings.transport, scratch)
        except MailboxUnavailable as failure:
            yield servers.mailbox_failure(place, failure)

    def _imap(self, place: Place, settings: MailboxSettings, transport: ImapSettings) -> Iterator[Result]:
        found = survey_imap(transport)
        yield from servers.imap_results(place, found, now(), self.snapshot.intervals.mailbox_poll_seconds)
        if not found.folder.refused:
            self._watch(settings, found.folder.uid_next)
        if found.archive is not None and not found.archive.refused:
            archive = replace(settings, transport=replace(transport, folder=found.archive.name, archive_folder=None))
            self.lookouts.append(Lookout(open_mailbox(archive), found.archive.uid_next))

    def _maildir(
        self, place: Place, settings: MailboxSettings, transport: MaildirSettings, scratch: Path
    ) -> Iterator[Result]:
        # With an index of its own: one that root made here the daemon could not write.
        index = scratch / f"{len(self.lookouts)}.uids"
        own = replace(settings, transport=replace(transport, index_path=index))
        mailbox = open_mailbox(own)
        mailbox.open()
        messages = mailbox.uids()
        yield place.ok("folder", f"{transport.path}, {len(messages)} messages")
        self._watch(own, max((ref.uid for ref in messages), default=0) + 1)

    def _watch(self, settings: MailboxSettings, uid_next: int) -> None:
        mailbox = open_mailbox(settings)
        self.ids += house.authserv_ids(mailbox, uid_next)
        self.lookouts.append(Lookout(mailbox, uid_next))

    # ---------------------------------------------------------------- sending

    def _smtp(self, table: str, settings: SmtpSettings, lists: tuple[str, ...]) -> Iterator[Result]:
        place, policy = Place(table), self.snapshot.policy
        sender = self._sender() if table == "smtp" else policy.identity.address
        recipients = (policy.identity.address,) if table == "smtp" else policy.admins
        try:
            found = survey_smtp(settings, sender, (*recipients, *lists))
        except DeliveryFailed as failure:
            yield servers.smtp_failure(place, f"[{table}]", failure)
            return
        self.sends = self.sends or table == "smtp"
        yield from servers.smtp_results(place, found, now(), sender, recipients, login=settings.user is not None)
        yield from servers.list_results(place, found, lists)

    def _sender(self) -> str:
        """What MAIL FROM will be: the return address of a mail, or the desk's."""
        policy = self.snapshot.policy
        if not policy.delivery.verp:
            return policy.identity.address
        base = policy.identity.token_base or policy.identity.address
        return plus_address(base, sign_bounce(self.snapshot.keyring, 0))

    def _probe(self, console: Console) -> Iterator[Result]:
        place, identity = Place("probe"), self.snapshot.policy.identity
        if not (self.sends and self.lookouts):
            yield place.warn("plus-address", "not tried: it needs [smtp] and a mailbox", "mend these first")
            return
        written = probe.write_probe(identity, self.snapshot.keyring, secrets.randbits(40), now())
        try:
            probe.send(written, identity.address, open_postman(self.snapshot.smtp))
        except DeliveryFailed as failure:
            yield probe.refused(place, written, failure)
            return
        with console.progress(f"waiting for {written.address}") as advance:
            arrival = probe.await_arrival(written, self.lookouts, advance)
        yield from probe.results(place, written, arrival, now())

    # ---------------------------------------------------------------- the house

    def _database(self) -> Iterator[Result]:
        place = Place("database")
        file = sqlite_file(self.snapshot.database_url)
        if file is not None and not file.exists():
            yield place.warn("file", f"{file} is not there yet", "the first `mailbot run` makes it")
            return
        try:
            database = Database.open(self.snapshot.database_url)
            try:
                yield from house.database_results(place, database, now())
            finally:
                database.close()
        except DatabaseUnavailable as failure:
            remedy = "[database] url in mailbot.toml; is the server up, and may this user log in?"
            yield place.fail("connection", _words(failure), remedy, unreachable=True)


def _words(failure: Exception) -> str:
    return " ".join(str(failure).split()) or type(failure).__name__
