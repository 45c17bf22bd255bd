"""The list between desk and specialists, as mlmmj runs it: however they answer, the requester gets the words, once.

| list | is |
|---|---|
| it-network | ordinary: the list takes the Reply-To, puts its prefix and its footer, the desk is a member |
| it-workplace | the same, but Reply-To stays as the desk wrote it |
| it-accounts | for members only, and nobody has added the desk |
| it-applications | moderated |
| servicedesk | a group without a list |
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, getaddresses

import pytest

from mailbot.demo.correspondent import Correspondent, text_of
from mailbot.desk.policy import Group
from tests.servers.mlmmj import MailingLists
from tests.servers.process import IS_ROOT, USER
from tests.stories.house import ADMINS, SUPPORT, House, Street, Way, found_list, open_house

MARKS_OF_LISTS = (b"lists.test", b"[it-", b"for the staff of Example Ltd only", b"lopez@", b"singh@", b"Network Care")


def found(lists: MailingLists, group: Group) -> None:
    match group.name:
        case "workplace":
            found_list(lists, group, replies_to_list=False)
        case "accounts":
            found_list(lists, group, desk=False, members_only=True)
        case "applications":
            found_list(lists, group)
            moderate(lists, "it-applications", "moderator@corp.example")
        case _:
            found_list(lists, group)


def moderate(lists: MailingLists, name: str, moderator: str) -> None:
    for setting, value in (("moderated", ""), ("moderators", f"{moderator}\n"), ("notifymod", "")):
        path = lists.folder / name / "control" / setting
        path.write_text(value)
        if IS_ROOT:
            shutil.chown(path, USER.pw_uid, USER.pw_gid)


@pytest.fixture(scope="module")
def house(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(street, tmp_path_factory.mktemp("house"), Way("quick"), found=found) as house:
        yield house


def person(house: House, name: str) -> Correspondent:
    return Correspondent(house, name, f"{name.lower().replace(' ', '.')}@corp.example")


# ---------------------------------------------------------------- how specialists answer


def answer(house: House, who: Correspondent, mail: EmailMessage, words: str, *to: str) -> None:
    """An answer above the quoted mail, signed, to everybody named."""
    answer = EmailMessage(policy=SMTP)
    answer["From"] = f"{who.name} <{who.address}>"
    answer["To"] = to[0]
    if to[1:]:
        answer["Cc"] = ", ".join(to[1:])
    answer["Subject"] = f"Re: {mail['Subject']}"
    answer["Date"] = formatdate()
    answer["Message-ID"] = f"<{abs(hash(words))}@corp.example>"
    answer["In-Reply-To"] = str(mail["Message-ID"])
    answer["References"] = str(mail["Message-ID"])
    quoted = "\n".join(f"> {line}" for line in text_of(mail).splitlines())
    answer.set_content(f"{words}\n\n-- \n{who.name}, Network Care\n\nOn {mail['Date']}, IT Support wrote:\n{quoted}\n")
    house.send(answer.as_bytes(), who.address, *to)


def sender(mail: EmailMessage) -> str:
    return getaddresses([str(mail["From"])])[0][1]


def reply_to(mail: EmailMessage) -> str:
    return getaddresses([str(mail["Reply-To"])])[0][1]


def the_list(mail: EmailMessage) -> str:
    return getaddresses([str(mail["To"])])[0][1]


VPN = "the VPN drops every ten minutes"
PRINTER = "the printer in room 12 has a paper jam"
WAYS = [
    pytest.param("Dilip Rao", VPN, "Rosa Lopez", (reply_to,), id="to the list that took the Reply-To"),
    pytest.param("Farid Aziz", VPN, "Rosa Lopez", (sender,), id="to the sender, past the list"),
    pytest.param("Grace Obi", VPN, "Rosa Lopez", (reply_to, sender), id="to all: the list and the sender"),
    pytest.param("Chiara Rossi", PRINTER, "Tara Singh", (reply_to,), id="to the Reply-To of the desk"),
    pytest.param("Kofi Mensah", PRINTER, "Tara Singh", (reply_to, the_list), id="to all: the Reply-To and the list"),
]


@pytest.mark.parametrize(("requester", "trouble", "specialist", "to"), WAYS)
def test_the_requester_gets_the_words_once_and_nothing_of_the_list(
    house: House, requester: str, trouble: str, specialist: str, to: tuple[object, ...]
) -> None:
    ann, sam = person(house, requester), person(house, specialist)
    sam.seen = len(house.received(sam.address))
    ann.writes(SUPPORT, "Help", f"Hello,\n\n{trouble}.\n\n{ann.name}")
    handed = sam.gets(trouble)
    words = f"Dear {ann.name}, please start it once more and tell me."
    answer(house, sam, handed, words, *(address(handed) for address in to))  # type: ignore[operator]  # see WAYS
    ann.gets(words)
    house.comes_to_rest()
    got = [raw for raw in house.received(ann.address) if words.encode() in raw]
    assert len(got) == 1
    assert not [mark for mark in MARKS_OF_LISTS for raw in house.received(ann.address) if mark in raw]
    said = [entry.text for entry in house.entries(house.ticket_of(ann.address)) if words in entry.text]
    assert said == [words]


def test_what_the_desk_posts_comes_back_and_is_its_own(house: House) -> None:
    lena, rosa = person(house, "Lena Hoffmann"), person(house, "Rosa Lopez")
    lena.writes(SUPPORT, "Help", f"Hello,\n\n{VPN} on the train.\n\nLena")
    rosa.gets("on the train")
    house.comes_to_rest()
    number = house.ticket_of(lena.address).number
    (post,) = (row for row in house.mails_out() if (row.ticket, row.kind) == (number, "hand_over"))
    assert post.recipient == "it-network@lists.test"
    assert house.disposition(post.message_id) == "ignored: own mail"


# ---------------------------------------------------------------- lists that do not let the desk post


@pytest.mark.parametrize(
    ("requester", "trouble", "specialist", "group"),
    [
        pytest.param("Bruno Keller", "my account is locked", "Vera Adams", "accounts", id="for members only"),
        pytest.param("Elke Brandt", "the ERP rejects every order", "Xenia Pop", "applications", id="moderated"),
    ],
)
def test_where_the_list_refuses_the_members_get_it_directly_and_admins_learn_of_it(
    house: House, requester: str, trouble: str, specialist: str, group: str
) -> None:
    ann, vera, admins = person(house, requester), person(house, specialist), Correspondent(house, "", ADMINS)
    ann.writes(SUPPORT, "Help", f"Hello,\n\n{trouble}.\n\n{ann.name}")
    handed = vera.gets(trouble)
    assert handed["To"] == vera.address
    admins.gets(f"it-{group}@lists.test")
    house.comes_to_rest()
    ticket = house.ticket_of(ann.address)
    assert [row.reason for row in house.mails_in() if row.ticket == ticket.number] == ["hand-over refused", "opened"]
    robots = [row for row in house.mails_out() if "+" in row.recipient]
    assert robots == []
    vera.replies(handed, "It works again, please try.")
    ann.gets("It works again")


def test_a_group_without_a_list_gets_it_each_by_each_and_the_answer_of_one_is_enough(house: House) -> None:
    julia, nora, omar = person(house, "Julia Stein"), person(house, "Nora Lind"), person(house, "Omar Said")
    julia.writes(SUPPORT, "Help", "Hello,\n\nthe coffee machine in Leeds makes strange noises.\n\nJulia Stein")
    handed = nora.gets("strange noises")
    omar.gets("strange noises")
    nora.replies(handed, "Somebody comes tomorrow.")
    julia.gets("Somebody comes tomorrow.")
    house.comes_to_rest()
    assert house.ticket_of(julia.address).owner == nora.address
    assert house.breaches() == []
