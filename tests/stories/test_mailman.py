"""What Mailman 3 makes of the desk's mail and of the answers to it: From rewritten, wrapped, two copies, welcome."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conversations.conftest import admin, desk, requester, specialist
from tests.conversations.people import Correspondent, Thread
from tests.conversations.scenes import handed_over
from tests.stories.samples import about

__all__ = ["admin", "desk", "requester", "specialist"]  # fixtures

NAMES = {
    "net@lists.test": "network@lists.corp.example",
    "wrap@lists.test": "network@lists.corp.example",
    "<net.lists.test>": "<network.lists.corp.example>",
    "<wrap.lists.test>": "<network.lists.corp.example>",
    "net-": "network-",
    "wrap-": "network-",
    "@lists.test": "@lists.corp.example",
    "s1@bot.test": "sam@corp.example",
    "Spec One": "Sam Sato",
    "s1r@bot.test": "answer@corp.example",
}
DIRECT, BY_LIST = "4-bot-receives-0.eml", "4-bot-receives-2.eml"


@pytest.fixture
def thread(requester: Correspondent, specialist: Correspondent) -> Thread:
    return handed_over(requester, specialist)


@pytest.fixture
def samples(shared: Path) -> Path:
    return shared / "samples" / "mailman3"


def arrives(samples: Path, name: str, specialist: Correspondent) -> str:
    """The sample comes in; how it ended."""
    handed = next(letter for letter in specialist.inbox if letter.kind == "hand_over")
    desk = specialist.desk
    author = "corp.example" if name == DIRECT else "lists.corp.example"
    result = f"Authentication-Results: mx.corp.example; dmarc=pass header.from={author}\r\n"
    desk.receives(result.encode() + about((samples / name).read_bytes(), handed, NAMES))
    row = desk.mails_in()[0]
    return f"{row.state}: {row.reason}"


@pytest.mark.parametrize("name", ["2-munge_from-prefix-replyto.eml", "3-wrap_message.eml"])
def test_our_own_post_is_ours_however_it_was_rewritten(
    samples: Path, name: str, thread: Thread, requester: Correspondent, specialist: Correspondent
) -> None:
    assert arrives(samples, name, specialist) == "ignored: own mail"
    requester.gets_nothing()
    specialist.gets_nothing()


@pytest.mark.parametrize("order", [(DIRECT, BY_LIST), (BY_LIST, DIRECT)], ids=["direct first", "by the list first"])
def test_of_an_answer_that_comes_twice_the_requester_gets_the_words_once(
    samples: Path, order: tuple[str, str], thread: Thread, requester: Correspondent, specialist: Correspondent
) -> None:
    for name in order:
        arrives(samples, name, specialist)
    words = [letter for letter in requester.inbox if letter.says("On it.")]
    assert [letter.kind for letter in words] == ["relay_to_requester"]
    assert not words[0].says("Net mailing list")
    assert not words[0].says("lists.corp.example")
    assert words[0].text.count("On it.") == 1
    assert [entry.text for entry in thread.desk.entries(thread.number)].count("On it.") == 1


def test_a_welcome_to_the_list_is_not_answered(
    samples: Path, thread: Thread, requester: Correspondent, specialist: Correspondent
) -> None:
    arrives(samples, "4-bot-receives-1.eml", specialist)
    sent = {envelope.rcpt_to for envelope in thread.desk.postman.sent}
    assert "network-request@lists.corp.example" not in sent
    requester.gets_nothing()
    assert thread.state == "assigned"
