"""The desk's own house: database, daemon, keys, clock, and whose Authentication-Results could be believed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from mailbot.daemon.examining.result import Place, Result
from mailbot.desk.policy import Trust
from mailbot.mail.authentication import ResultsMode, find_authserv_ids
from mailbot.mail.parse import parse
from mailbot.store.database import Database
from mailbot.store.health import beats, lives, name_of
from mailbot.transport.mailbox import Mailbox

SKEW = timedelta(seconds=5)
OLD = timedelta(days=400)
MAILS_LOOKED_AT = 30
RECENT_UIDS = 300
HEADER_BYTES = 1  # the smallest excerpt: only the header is wanted


def database_results(place: Place, database: Database, now: datetime) -> Iterator[Result]:
    """Schema, daemon and clock; raises DatabaseUnavailable."""
    current, newest = database.schema_versions()
    if current is None:
        yield place.warn("schema", "there is none yet", "the first `mailbot run` makes it")
        return
    if current != newest:
        remedy = "a backup, then `mailbot run` brings it up to date; never go back to an older mailbot afterwards"
        yield place.warn("schema", f"version {current}, this mailbot knows {newest}", remedy)
        return
    yield place.ok("schema", f"version {current}, the newest")
    yield _daemon(database, now)
    yield _clock(place, database.now(), now)


def _daemon(database: Database, now: datetime) -> Result:
    place = Place("daemon")
    with database.read() as work:
        records = work.health.all()
    living = [beat for beat in beats(records) if lives(beat, now)]
    if not living:
        return place.warn("process", "none is running", "start it: systemctl start mailbot, or mailbot run")
    found = (f"{name_of(beat) or beat.detail} since {beat.since:%Y-%m-%d %H:%M} UTC" for beat in living)
    return place.ok("process", "; ".join(found))


def _clock(place: Place, told: datetime, now: datetime) -> Result:
    off = told - now
    if abs(off) <= SKEW:
        return place.ok("clock", "agrees with this machine's")
    remedy = "set both by NTP: leases are measured by the database's clock, targets by this machine's"
    return place.warn("clock", f"differs from this machine's by {off.total_seconds():+.0f} s", remedy)


def key_results(place: Place, made: Sequence[datetime | None], now: datetime) -> Iterator[Result]:
    """Keys that could be read, hence of mode 0600 or shown by systemd."""
    if len(made) < 2:
        remedy = "mailbot keys new, while the first is still whole; then put keys.toml into the backup"
        yield place.warn("live", "only one: when it is lost, every answer under way is held for a person", remedy)
    else:
        yield place.ok("live", f"{len(made)}, for the owner's eyes only; keys.toml belongs into the backup")
    signer = made[0]
    if signer is None:
        yield place.ok("age", "is not written down")
    elif now - signer > OLD:
        yield place.warn(
            "age", f"the one that signs is {(now - signer).days} days old", "mailbot keys new, then a backup"
        )
    else:
        yield place.ok("age", f"the one that signs is {(now - signer).days} days old")


# ---------------------------------------------------------------- trust


def authserv_ids(mailbox: Mailbox, uid_next: int) -> Iterator[str]:
    """The topmost authserv-id of each of the latest mails of a folder, "" where a mail has none."""
    mailbox.open()
    recent = [ref.uid for ref in mailbox.uids(max(1, uid_next - RECENT_UIDS))][-MAILS_LOOKED_AT:]
    for mail in mailbox.fetch(recent, HEADER_BYTES):
        yield next(iter(find_authserv_ids(parse(mail.raw))), "")


def trust_result(place: Place, trust: Trust, ids: Iterable[str]) -> Result:
    """Whether what is configured fits the mail that is already there, and what could be configured."""
    seen = Counter(ids)
    mails = seen.total()
    named = Counter({id_: number for id_, number in seen.items() if id_})
    if not mails:
        return place.ok("results", f'"{trust.results}"; no mail is there to look at')
    match ResultsMode(trust.results):
        case ResultsMode.NONE:
            return _proposal(place, named, mails)
        case ResultsMode.AUTHSERV:
            return _configured(place, trust.authserv_id, named, mails)
        case ResultsMode.TOPMOST:
            return place.ok("results", f'"topmost"; {named.total()} of the last {mails} mails carry results')


def _proposal(place: Place, named: Counter[str], mails: int) -> Result:
    if not named:
        return place.ok("results", f'"none": none of the last {mails} mails carries results of a mail server')
    best, number = named.most_common(1)[0]
    remedy = f'if {best} is your own mail server: [trust] results = "authserv", authserv_id = "{best}"'
    return place.warn("results", f'"none", though {number} of the last {mails} mails carry results of {best}', remedy)


def _configured(place: Place, id_: str, named: Counter[str], mails: int) -> Result:
    number = next((count for name, count in named.items() if name.lower() == id_.lower()), 0)
    if number:
        return place.ok("results", f"{number} of the last {mails} mails carry results of {id_}")
    others = ", ".join(name for name, _ in named.most_common(3)) or "nobody"
    remedy = "correct [trust] authserv_id: while it fits no mail, nobody is authenticated"
    return place.fail("results", f"none of the last {mails} mails carries results of {id_}, but of {others}", remedy)
