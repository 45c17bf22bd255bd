"""Mail that Postfix takes and returns: its report finds the row, the ticket and somebody who must know."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailbot.demo.correspondent import Correspondent, text_of
from mailbot.store.states import InboxState, OutboxState
from tests.stories.house import ADMINS, SUPPORT, House, Street, Way, open_house


@pytest.fixture(scope="module")
def house(street: Street, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with open_house(street, tmp_path_factory.mktemp("house"), Way("quick")) as house:
        yield house


def person(house: House, name: str) -> Correspondent:
    return Correspondent(house, name, f"{name.lower().replace(' ', '.')}@corp.example")


def assert_returned(house: House, requester: Correspondent, kind: str, recipient: str, state: str) -> None:
    """The mail of that kind failed, because of a report on this ticket, which is not closed."""
    house.comes_to_rest()
    ticket = house.ticket_of(requester.address)
    assert ticket.state.value == state
    failed = [row for row in house.mails_out() if row.ticket == ticket.number and row.state is OutboxState.FAILED]
    assert [(row.kind, row.recipient) for row in failed] == [(kind, recipient)]
    reports = [row for row in house.mails_in() if row.ticket == ticket.number and row.reason == "mail undelivered"]
    assert [row.state for row in reports] == [InboxState.DONE]
    assert house.breaches() == []


def test_an_acknowledgement_that_returns_is_told_to_the_group(house: House) -> None:
    grace, xenia = person(house, "Grace Obi"), person(house, "Xenia Pop")
    house.refuses(grace.address)
    grace.writes(SUPPORT, "ERP", "Hello,\n\nthe ERP does not work, it rejects every purchase order.\n\nGrace")
    xenia.gets("purchase order")
    assert "5.1.1" in text_of(xenia.gets("did not arrive"))
    assert_returned(house, grace, "acknowledgement", grace.address, "assigned")


def test_an_answer_of_the_faq_that_returns_becomes_a_hand_over(house: House) -> None:
    ian, vera = person(house, "Ian Frost"), person(house, "Vera Adams")
    house.refuses(ian.address)
    ian.writes(SUPPORT, "Password", "Hi,\n\nhow do I reset my password?\n\nThanks,\nIan")
    assert "how do I reset my password?" in text_of(vera.gets("reset my password"))
    assert_returned(house, ian, "faq_answer", ian.address, "assigned")


def test_a_request_to_confirm_that_returns_puts_the_ticket_back(house: House) -> None:
    dilip, rosa = person(house, "Dilip Rao"), person(house, "Rosa Lopez")
    dilip.writes(SUPPORT, "VPN drops", "Hello,\n\nthe VPN drops every ten minutes.\n\nDilip")
    dilip.gets("VPN")
    handed = rosa.gets("every ten minutes")
    house.refuses(dilip.address)
    rosa.replies(handed, "#resolve\nThe line in London is back, please try again.")
    rosa.gets("did not arrive")
    assert_returned(house, dilip, "request_to_confirm", dilip.address, "in_progress")


def test_a_hand_over_that_the_list_returns_goes_to_the_members_and_admins_learn_of_it(house: House) -> None:
    elke, tara, admins = person(house, "Elke Brandt"), person(house, "Tara Singh"), Correspondent(house, "", ADMINS)
    workplace = house.groups["workplace"].list_address
    assert workplace is not None
    house.refuses(workplace)
    elke.writes(SUPPORT, "Neuer Laptop", "Guten Tag,\n\nich hätte gern einen neuen Laptop.\n\nElke Brandt")
    handed = tara.gets("einen neuen Laptop")
    assert handed["To"] == tara.address
    admins.gets(workplace)
    assert_returned(house, elke, "hand_over", workplace, "assigned")
