"""Mail that does not arrive, whatever the kind and however it fails: nobody waits for it in vain.

Here all four kinds × all four ways to fail, in days of virtual time; `test_returned_mail.py` has reports of Postfix.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from mailbot.transport.postman import Envelope, Sent
from tests.conversations.conftest import Time, admin, clock, desk, requester, server, specialist
from tests.conversations.desk import Desk
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, Server, Thread
from tests.conversations.scenes import in_progress
from tests.fakes.transport import MemoryPostman, lost_after_dot

__all__ = ["admin", "clock", "desk", "requester", "server", "specialist"]  # fixtures

LIST = "network@lists.corp.example"
LONGER_THAN_ANY_SILENCE_DAYS = 10


class LossyPostman(MemoryPostman):
    """Loses the connection after the dot of every mail to some addresses, and the mail with it."""

    def __init__(self) -> None:
        super().__init__()
        self.loses: set[str] = set()

    async def deliver(self, envelope: Envelope, before_data: Callable[[], None]) -> Sent:
        if envelope.rcpt_to in self.loses:
            before_data()
            raise lost_after_dot()
        return await super().deliver(envelope, before_data)


@dataclass
class Scene:
    """Everybody whom these stories need."""

    desk: Desk
    postman: LossyPostman
    requester: Correspondent
    specialist: Correspondent
    admin: Correspondent
    server: Server
    clock: Time

    def told(self) -> list[Letter]:
        """What people inside have got and not read: the group, its members, the admins."""
        everybody = (self.specialist, self.admin)
        return [letter for person in everybody for letter in person.inbox[person._read :]]


@pytest.fixture
def scene(
    desk: Desk,
    requester: Correspondent,
    specialist: Correspondent,
    admin: Correspondent,
    server: Server,
    clock: Time,
) -> Scene:
    postman = LossyPostman()
    desk.postman = postman
    return Scene(desk, postman, requester, specialist, admin, server, clock)


# ---------------------------------------------------------------- the four kinds


@dataclass(frozen=True)
class Kind:
    """A mail that somebody waits for: what comes before it, what causes it, and to whom it goes."""

    name: str
    recipient: str
    begin: Callable[[Scene], Thread | None]
    cause: Callable[[Scene, Thread | None], Thread]


def nothing(scene: Scene) -> None:
    return None


def answered_once(scene: Scene) -> Thread:
    return in_progress(scene.requester, scene.specialist)


def reports(scene: Scene, _: Thread | None) -> Thread:
    return scene.requester.writes("VPN is down", "The tunnel does not work any more. I am in room 12.")


def asks(scene: Scene, _: Thread | None) -> Thread:
    return scene.requester.writes("Guest wifi", "How do visitors get onto the guest wifi?")


def resolves(scene: Scene, thread: Thread | None) -> Thread:
    assert thread is not None
    scene.specialist.replies("#resolve\nThe gateway had a full disk. It works again.")
    return thread


ANN = "ann@corp.example"
KINDS = (
    Kind("acknowledgement", ANN, nothing, reports),
    Kind("faq_answer", ANN, nothing, asks),
    Kind("request_to_confirm", ANN, answered_once, resolves),
    Kind("hand_over", LIST, nothing, reports),
)


# ---------------------------------------------------------------- the four ways to fail


def refused_for_two_days(scene: Scene, kind: Kind, begun: Thread | None) -> Thread:
    scene.server.is_down(kind.recipient, "450 4.2.1 Come back later")
    thread = kind.cause(scene, begun)
    scene.clock.passes(hours=50)
    return thread


def refused_for_good(scene: Scene, kind: Kind, begun: Thread | None) -> Thread:
    scene.server.is_down(kind.recipient, "550 5.1.1 User unknown")
    return kind.cause(scene, begun)


def lost_at_the_dot(scene: Scene, kind: Kind, begun: Thread | None) -> Thread:
    scene.postman.loses.add(kind.recipient)
    thread = kind.cause(scene, begun)
    for _ in range(6):
        scene.clock.passes(hours=1)
    return thread


def returned_later(scene: Scene, kind: Kind, begun: Thread | None) -> Thread:
    thread = kind.cause(scene, begun)
    person = scene.requester if kind.recipient == ANN else scene.specialist
    letter = next(letter for letter in reversed(person.inbox) if letter.kind == kind.name)
    scene.clock.passes(minutes=20)
    scene.server.bounces(letter)
    return thread


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("fails", [refused_for_two_days, refused_for_good, lost_at_the_dot, returned_later])
def test_nobody_waits_for_a_mail_that_did_not_arrive(
    scene: Scene, kind: Kind, fails: Callable[[Scene, Kind, Thread | None], Thread]
) -> None:
    begun = kind.begin(scene)
    scene.specialist.skips()
    thread = fails(scene, kind, begun)
    told = scene.told()
    assert any(says_so(kind, letter) for letter in told), [letter.kind for letter in told]
    assert thread.state != "closed"
    scene.clock.passes(days=LONGER_THAN_ANY_SILENCE_DAYS)
    assert thread.state != "closed"


def says_so(kind: Kind, letter: Letter) -> bool:
    """Whether this mail tells that the other one did not arrive."""
    if (kind.name, letter.kind) == ("hand_over", "alert_to_admins"):
        return letter.says(LIST)
    if (kind.name, letter.kind) == ("faq_answer", "hand_over"):
        return letter.says("How do visitors get onto the guest wifi?", "not")
    return letter.kind == "note_to_group" and letter.says("did not arrive")


@pytest.mark.parametrize("fails", [refused_for_two_days, refused_for_good, lost_at_the_dot, returned_later])
def test_a_hand_over_that_did_not_arrive_reaches_the_members(
    scene: Scene, fails: Callable[[Scene, Kind, Thread | None], Thread]
) -> None:
    fails(scene, KINDS[-1], None)
    direct = [letter for letter in scene.specialist.inbox if letter.envelope.rcpt_to == scene.specialist.address]
    assert direct[0].kind == "hand_over"
    assert direct[0].says("The tunnel does not work any more")
