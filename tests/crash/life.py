"""One full life of tickets, as people write it, in chapters between which the desk is stopped and started.

An incident with a note, a reply that comes twice, a request to confirm and its answer; a question that the FAQ answers;
an incident that nobody takes in time, whose acknowledgement comes back; a reload. People act on what has come, and wait
for what must come: mail of class A always does, if need be after a doubt.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, Server
from tests.crash.world import World

SECRET = "SECRETNOTE4711"
MANY_WAITS = 4
YES = 0


class NothingCame(Exception):
    """A mail that must arrive at least once did not."""


def asks(world: World) -> None:
    """Ann has an incident: acknowledged and handed over. The disk was empty before."""
    _writes(world, "ann", "VPN is down", "The tunnel does not work any more since this morning. I am in room 12.")
    _goes_on(world)


def works(world: World) -> None:
    """Sam takes a note, and answers."""
    handed = _awaits(world, "sam", "hand_over", "tunnel")
    _person(world, "sam").replies(f"#note She forgets it always. {SECRET}", to=handed)
    _person(world, "sam").replies("Please restart the client and try once more.", to=handed)
    _goes_on(world)


def happens_at_once(world: World) -> None:
    """Ann's reply comes twice, and two others write at the same time; then the desk reads its configuration again."""
    relayed = _awaits(world, "ann", "relay_to_requester", "restart the client")
    _comes_twice(_person(world, "ann"), "I have restarted it, and it is the same.", relayed)
    _writes(world, "dora", "Database is slow", "The database server does not answer. Nobody can work.")
    _writes(world, "bob", "Guest wifi", "How do visitors get onto the guest wifi?")
    world.settle()
    world.order("reload")
    world.passes()


def resolves(world: World) -> None:
    """Sam resolves; the FAQ has helped Bob; Dora's acknowledgement comes back, and nobody takes her incident."""
    again = _awaits(world, "sam", "relay_to_group", "it is the same")
    answer, acknowledged = _hopes(world, "bob", "faq_answer"), _hopes(world, "dora", "acknowledgement")
    _person(world, "sam").replies("#resolve\nThe gateway had a full disk. It works again.", to=again)
    if answer:
        _person(world, "bob").clicks(answer, YES, "Yes, it is solved.")
    if acknowledged:
        Server(world).bounces(acknowledged)
    _goes_on(world)
    world.passes()


def closes(world: World) -> None:
    """The configuration is read once more; Ann confirms, and Ida takes what was left over."""
    world.order("reload")
    question = _awaits(world, "ann", "request_to_confirm", "full disk")
    _person(world, "ann").replies("Yes, it works again. Thank you!", to=question)
    left = _awaits(world, "ida", "hand_over", "database")
    _person(world, "ida").replies("#claim\n", to=left)
    _goes_on(world)
    if world.deaths or world.failures:
        for _ in range(MANY_WAITS):
            world.passes()  # leases and doubts end


CHAPTERS: tuple[Callable[[World], None], ...] = (asks, works, happens_at_once, resolves, closes)


def play(world: World, chapter: int) -> None:
    """A chapter, from the start of the desk to its stop."""
    world.order("start")
    CHAPTERS[chapter](world)
    world.order("stop")


_NAMES = {"ann": "Ann Archer", "sam": "Sam Sato", "bob": "Bob Baker", "dora": "Dora Dietz", "ida": "Ida Iversen"}


def _person(world: World, who: str) -> Correspondent:
    return Correspondent(world, f"{who}@corp.example", _NAMES[who])


def _writes(world: World, who: str, subject: str, text: str) -> None:
    _person(world, who).writes(subject, text)


def _goes_on(world: World) -> None:
    world.settle()
    world.passes()


def _comes_twice(person: Correspondent, words: str, letter: Letter) -> None:
    """The same mail, on two ways."""
    mail = person.composes(f"Re: {letter.subject}", words, to=letter.answer_to, answers=letter)
    person.sends(mail)
    del mail["Received"]
    mail["Received"] = "from relay.corp.example by mx.corp.example; Mon, 2 Mar 2026 10:00:00 +0000"
    mail["Authentication-Results"] = "mx.corp.example; dmarc=pass header.from=corp.example"
    person.sends(mail)


def _find(world: World, who: str, kind: str, words: str = "") -> Letter | None:
    letters = world.post[f"{who}@corp.example"]
    return next((one for one in letters if one.kind == kind and one.says(words)), None)


def _awaits(world: World, who: str, kind: str, words: str) -> Letter:
    for _ in range(MANY_WAITS):
        if letter := _find(world, who, kind, words):
            return letter
        world.passes()
    raise NothingCame(f"{who} waits for {kind} ({words!r}); {world.failures}")


def _hopes(world: World, who: str, kind: str) -> Letter | None:
    """What comes at most once. As long as it may still come, people wait."""
    waits = f"recipient = '{who}@corp.example' AND kind = '{kind}' AND state IN ('ready', 'sending', 'unknown')"
    for _ in range(MANY_WAITS):
        if _find(world, who, kind) or not world.query(f"SELECT id FROM outbox WHERE {waits}"):
            break
        world.passes()
    return _find(world, who, kind)
