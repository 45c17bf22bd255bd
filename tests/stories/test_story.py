"""The story of the demo, played through Dovecot, Postfix and mlmmj, by every way that the desk may take.

The acts are those of `mailbot demo`, word for word; here the lists between replace Reply-To, put a prefix before
subjects and a footer below, and send everything back to the desk. One act more: somebody whose mailbox does not exist.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mailbot.demo.correspondent import Correspondent, MailWorld
from mailbot.demo.story import ACTS
from mailbot.store.states import InboxState, OutboxState
from tests.servers.pgbouncer import PgBouncer
from tests.stories.house import HELPDESK, SUPPORT, House, Street, Way, open_house

WAYS = (
    Way("sqlite"),
    Way("postgresql", database="postgres_url"),
    Way("tls-pgbouncer", security="tls", database="bouncer_url"),
    Way("without-idle", idle=False),
    Way("starttls", security="starttls"),
    Way("xoauth2", security="tls", auth="xoauth2"),
    Way("two-mailboxes", accounts=(SUPPORT, HELPDESK)),
)
ENDS = {
    "dilip.rao@corp.example": "closed",
    "elke.brandt@corp.example": "waiting",
    "ian.frost@corp.example": "closed",
    "icinga@monitor.corp.example": "resolved",
    "gus.gone@corp.example": "assigned",
}
REQUESTERS = ("dilip.rao@corp.example", "elke.brandt@corp.example", "ian.frost@corp.example")
MARKS_OF_LISTS = (b"lists.test", b"[it-", b"for the staff of Example Ltd only")


@pytest.fixture
def bouncer_url(pgbouncer: PgBouncer, postgres_url: str) -> str:
    return pgbouncer.url(postgres_url.rpartition("/")[2])


@pytest.fixture(params=WAYS, ids=lambda way: way.name)
def way(request: pytest.FixtureRequest) -> Way:
    way: Way = request.param
    return way


@pytest.fixture
def house(way: Way, request: pytest.FixtureRequest, street: Street, tmp_path: Path) -> Iterator[House]:
    url = request.getfixturevalue(way.database) if way.database else ""
    with open_house(street, tmp_path, way, url) as house:
        yield house


def play_bounce(world: MailWorld) -> None:
    """Who has no mailbox cannot be told, but the group learns that it must look for another way."""
    gus = Correspondent(world, "Gus Gone", "gus.gone@corp.example")
    xenia = Correspondent(world, "Xenia Pop", "xenia.pop@corp.example")
    gus.writes(SUPPORT, "ERP", "Hello,\n\nthe ERP does not work, it rejects every purchase order.\n\nGus")
    xenia.gets("purchase order")
    xenia.gets("did not arrive")


def play_both_mailboxes(house: House) -> None:
    """A mail to both addresses of the desk comes twice, and is one matter."""
    kofi = "kofi.mensah@corp.example"
    text = "Subject: Jam\n\nHello,\n\nthe printer in room 12 has a paper jam.\n\nKofi\n"
    head = f"From: Kofi Mensah <{kofi}>\nTo: {SUPPORT}, {HELPDESK}\nMessage-ID: <jam@corp.example>\n"
    house.send((head + text).encode(), kofi, SUPPORT, HELPDESK)
    Correspondent(house, "Kofi Mensah", kofi).gets("Printing")


def test_the_whole_story(way: Way, house: House) -> None:
    acts: list[Callable[[MailWorld], None]] = [*(act.play for act in ACTS), play_bounce]
    with ThreadPoolExecutor() as stage:  # all acts at once: people do not wait for each other
        for played in [stage.submit(act, house) for act in acts]:
            played.result()
    if HELPDESK in way.accounts:
        play_both_mailboxes(house)
    house.comes_to_rest()
    ends = {ticket.requester: ticket.state.value for ticket in house.tickets()}
    assert ends == ENDS | ({"kofi.mensah@corp.example": "assigned"} if HELPDESK in way.accounts else {})
    assert house.breaches() == []
    assert_nothing_was_lost_or_doubled(way, house)
    assert_no_requester_saw_the_lists(house)


def assert_nothing_was_lost_or_doubled(way: Way, house: House) -> None:
    states = [row.state for row in house.mails_in()]
    assert set(states) <= {InboxState.DONE, InboxState.IGNORED, InboxState.DUPLICATE}
    assert states.count(InboxState.DUPLICATE) == len(way.accounts) - 1
    assert {row.account for row in house.mails_in()} == {account.partition("@")[0] for account in way.accounts}
    (failed,) = (row for row in house.mails_out() if row.state is not OutboxState.SENT)
    assert (failed.kind, failed.recipient) == ("acknowledgement", "gus.gone@corp.example")
    posts = [row.id for row in house.mails_out() if row.recipient.endswith("@lists.test")]
    assert len(posts) == [row.reason for row in house.mails_in()].count("own mail")


def assert_no_requester_saw_the_lists(house: House) -> None:
    for requester in REQUESTERS:
        mails = house.received(requester)
        assert len(mails) == [row.recipient for row in house.mails_out()].count(requester)
        for raw in mails:
            assert not [mark for mark in MARKS_OF_LISTS if mark in raw]
    assert house.received("icinga@monitor.corp.example") == []
