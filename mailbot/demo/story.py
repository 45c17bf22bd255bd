"""The story that `mailbot demo` plays: an incident, a service request, a question and an alert, each to its end.

Everything passes through real IMAP and SMTP and the production daemon; the people only write and read mail.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mailbot.demo.correspondent import Correspondent, MailWorld
from mailbot.demo.settings import SUPPORT


@dataclass(frozen=True, slots=True)
class Act:
    """A part of the story, and the words that introduce it."""

    title: str
    told: str
    play: Callable[[MailWorld], None]


def play_incident(servers: MailWorld) -> None:
    """Handed over, answered, resolved, rejected once, resolved again, confirmed."""
    dilip = Correspondent(servers, "Dilip Rao", "dilip.rao@corp.example")
    rosa = Correspondent(servers, "Rosa Lopez", "rosa.lopez@corp.example")
    dilip.writes(
        SUPPORT,
        "VPN drops every ten minutes",
        "Hello,\n\nsince this morning the VPN drops every ten minutes and I have to log in again."
        '\nIt says "Error 809: the connection was interrupted". I work at home, on Windows 11.'
        "\n\nThank you\nDilip Rao\nFinance, Example Ltd\nTel. +44 20 7946 0114",
    )
    dilip.gets("VPN")
    rosa.replies(
        rosa.gets("VPN drops"),
        "Hello Dilip,\n\nthe gateway in London lost its line this morning. Please choose the gateway HAMBURG"
        "\nin the VPN client, and tell me whether it holds.\n\nRosa",
    )
    relayed = dilip.gets("gateway HAMBURG")
    dilip.replies(relayed, "Hamburg holds so far, but it is slow.")
    rosa.replies(rosa.gets("it is slow"), "#resolve\n\nThe line in London is back, please return to LONDON.")
    asked = dilip.gets("LONDON")
    rosa.gets("#resolve")
    dilip.presses(asked, "Not solved")
    dilip.gets("is open again")
    rosa.replies(
        rosa.gets("not solved yet"), "#resolve\nI have renewed your VPN profile: please restart the client once."
    )
    dilip.replies(dilip.gets("restart the client"), "Yes, solved. Thank you!")
    dilip.gets("closed")


def play_request(servers: MailWorld) -> None:
    """Acknowledged with its terms, taken, and waiting for the vendor."""
    elke = Correspondent(servers, "Elke Brandt", "elke.brandt@corp.example")
    tara = Correspondent(servers, "Tara Singh", "tara.singh@corp.example")
    elke.writes(
        SUPPORT,
        "Neuer Laptop",
        "Guten Tag,\n\nich hätte gern einen neuen Laptop für mich, weil der alte zu wenig Speicher hat."
        "\nKostenstelle: 4711.\n\nViele Grüße\nElke Brandt",
    )
    elke.gets("Laptop")
    tara.replies(
        tara.gets("Laptop"),
        "#wait vendor\n\nHallo Frau Brandt,\n\nIhr Chef hat zugestimmt, das Gerät ist bestellt und kommt am Freitag."
        "\n\nTara Singh",
    )
    elke.gets("kommt am Freitag")
    tara.gets("#wait vendor")


def play_question(servers: MailWorld) -> None:
    """Answered from the FAQ, and that helped."""
    ian = Correspondent(servers, "Ian Frost", "ian.frost@corp.example")
    ian.writes(SUPPORT, "Password", "Hi,\n\nhow do I reset my password?\n\nThanks,\nIan")
    ian.presses(ian.gets("password"), "Solved")
    ian.gets("closed")


def play_alert(servers: MailWorld) -> None:
    """Counted while it repeats, resolved by its recovery, and the machine gets no answer."""
    monitor = Correspondent(servers, "Monitoring", "icinga@monitor.corp.example")
    carl = Correspondent(servers, "Carl Jones", "carl.jones@corp.example")
    monitor.writes(SUPPORT, "PROBLEM: db1.corp.example/disk is CRITICAL", "DISK CRITICAL - /var 98% used")
    carl.gets("db1.corp.example/disk")
    monitor.writes(SUPPORT, "RECOVERY: db1.corp.example/disk is OK", "DISK OK - /var 61% used")
    carl.gets("all is well again")


ACTS = (
    Act("An incident", "Dilip's VPN drops. The network team gets it, answers, and must try twice.", play_incident),
    Act("A service request", "Elke wants a new laptop. She learns the terms, in German.", play_request),
    Act("A question", "Ian asks what the FAQ knows. Nobody else has to read it.", play_question),
    Act("An alert", "A monitoring system reports a full disk, and its recovery.", play_alert),
)
