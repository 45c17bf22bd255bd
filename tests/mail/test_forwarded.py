"""Forwards: the original's sender and words are found, and a reply is no forward."""

import pytest

from mailbot.mail.forwarded import find_forwarded
from mailbot.mail.model import Address

BLOCKS = {
    "Gmail": "---------- Forwarded message ---------\nFrom: Bob Ray <bob@example.net>\nDate: Mon, 2 Sep"
    " 2024\nSubject: Offer\nTo: <ann@example.org>\n\n",
    "Apple": "Begin forwarded message:\n\nFrom: Bob Ray <bob@example.net>\nSubject: Offer\nDate: 2 September"
    " 2024\nTo: ann@example.org\n\n",
    "Apple, German": "Anfang der weitergeleiteten Nachricht:\n\nVon: Bob Ray <bob@example.net>\nBetreff:"
    " Offer\nDatum: 2. September\nAn: ann@example.org\n\n",
    "Thunderbird": "-------- Weitergeleitete Nachricht --------\nBetreff: \tOffer\nDatum: \tMon, 2 Sep 2024\nVon:"
    " \tBob Ray <bob@example.net>\nAn: \tann@example.org\n\n",
    "Outlook": "From: Bob Ray <bob@example.net>\nSent: Monday\nTo: ann@example.org\nSubject: Offer\n\n",
    "Outlook, mailto": "From: Bob Ray [mailto:bob@example.net]\nSent: Monday\nTo: ann@example.org\nSubject: Offer\n\n",
    "one line": "----- Forwarded Message ----- From: Bob Ray <bob@example.net>To: ann@example.orgSent:"
    " MondaySubject: Offer\n",
    "attribution": 'On 2/9/2024 10:00, "Bob Ray" <bob@example.net> wrote:\n\n',
}


@pytest.mark.parametrize("block", BLOCKS.values(), ids=BLOCKS.keys())
@pytest.mark.parametrize("above", ["", "Please look at this.\n\n"])
def test_a_forward_names_who_first_wrote(block: str, above: str) -> None:
    found = find_forwarded(f"{above}{block}We offer ten screens.\n", "Fwd: Offer")
    assert found is not None
    assert found.sender == Address("Bob Ray", "bob@example.net")
    assert found.subject == "Offer"
    assert found.text == "We offer ten screens."


def test_a_quoted_forward_loses_one_level_of_marks() -> None:
    found = find_forwarded(
        "> Begin forwarded message:\n>\n> From: bob@example.net\n> Subject: Offer\n> To: x@y.example\n>\n>"
        " words\n> > older\n"
    )
    assert found is not None
    assert found.text == "words\n> older"


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Thanks!\n\nFrom: Bob <bob@example.net>\nSent: Monday\nTo: Ann\nSubject: Offer\n\nwords", "Re: Offer"),
        (
            "Thanks!\n\n-----Original Message-----\nFrom: bob@example.net\nSent: Monday\nSubject: Offer\n\nwords",
            "AW: Offer",
        ),
        ("On Monday 2/9 Bob <bob@example.net> wrote:\n> words", "Re: Offer"),
        ("The printer is out of order.", "Fwd: Printer"),
        ("", ""),
    ],
)
def test_a_reply_or_a_plain_mail_is_no_forward(text: str, subject: str) -> None:
    assert find_forwarded(text, subject) is None
