"""Replies: the new words stay, what was quoted, signed or added by a list goes, and doubt is said."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.body import split_body
from mailbot.mail.model import Certainty

NEW = "It works again.\n\nRegards\nAnn"

ATTRIBUTIONS = [
    "On Mon, 2 Sep 2024 at 10:00, IT Support <support@desk.example> wrote:",
    "On Mon, 2 Sep 2024 at 10:00, IT Support\n<support@desk.example> wrote:",
    "On Mon, 2 Sep 2024 at 10:00, IT Support <support@desk.example>\nwrote:",
    "Am Mo., 2. Sept. 2024 um 10:00 Uhr schrieb IT Support <support@desk.example>:",
    "Am 02.09.2024 um 10:00 schrieb IT Support:",
    "Le lun. 2 sept. 2024 à 10:00, IT Support <support@desk.example> a écrit :",
    "El lun, 2 sept 2024 a las 10:00, IT Support (<support@desk.example>) escribió:",
    "Il giorno lun 2 set 2024 alle ore 10:00 IT Support <support@desk.example> ha scritto:",
    "Op ma 2 sep. 2024 om 10:00 schreef IT Support <support@desk.example>:",
    "Den mån 2 sep. 2024 kl 10:00 skrev IT Support <support@desk.example>:",
    "W dniu pon., 2.09.2024 o 10:00 IT Support <support@desk.example> napisał(a):",
    "2024年9月2日(月) 10:00 IT Support <support@desk.example>:",
    "IT Support <support@desk.example> wrote:",
]


@pytest.mark.parametrize("attribution", ATTRIBUTIONS)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_words_above_an_attribution_are_the_reply(attribution: str, mark: str) -> None:
    split = split_body(f"{NEW}\n\n{attribution}\n\n{mark}Does it work?\n{mark}Your desk\n")
    assert split.reply == NEW
    assert split.certainty is Certainty.SURE
    assert "Does it work?" in split.history


BLOCKS = [
    "From: IT Support <support@desk.example>\nSent: Monday, September 2, 2024 10:00\nTo: Ann Lee\nSubject: Printer",
    "Von: IT Support <support@desk.example>\nGesendet: Montag, 2. September 2024 10:00\nAn: Ann Lee\nBetreff: Printer",
    "De : IT Support <support@desk.example>\nEnvoyé : lundi 2 septembre 2024 10:00\nÀ : Ann Lee\nObjet : Printer",
    "*From:* IT Support\n*Date:* 2 September 2024\n*To:* Ann Lee\n*Subject:* Printer",
    "-----Original Message-----\nFrom: IT Support\nSent: Monday\nTo: Ann\nSubject: Printer",
    "-----Ursprüngliche Nachricht-----\nVon: IT Support\nGesendet: Montag\nAn: Ann\nBetreff: Printer",
    "________________________________\nFrom: IT Support\nSent: Monday\nTo: Ann; Bob;\n Carl\nSubject: Printer",
    "IT Support\n02.09.2024 10:00\nTo: Ann Lee\ncc:\nSubject: Printer",
    "##- Please reply above this line -##",
    "-- Bitte antworten Sie oberhalb dieser Zeile --",
]


@pytest.mark.parametrize("block", BLOCKS)
def test_words_above_a_header_block_or_marker_are_the_reply(block: str) -> None:
    split = split_body(f"{NEW}\n\n{block}\n\nDoes it work?\n")
    assert split.reply == NEW
    assert split.history == f"{block}\n\nDoes it work?"
    assert split.certainty is Certainty.SURE


def test_answers_between_quoted_lines_stay_and_are_doubtful() -> None:
    split = split_body(f"{ATTRIBUTIONS[0]}\n> Does it work?\nYes.\n\n> And the scanner?\nNo.\n")
    assert split.reply == "Yes.\n\nNo."
    assert split.certainty is Certainty.DOUBTFUL


def test_an_answer_below_the_quoted_mail_stays() -> None:
    assert split_body(f"{ATTRIBUTIONS[0]}\n> Does it work?\n\nYes, thank you.\n").reply == "Yes, thank you."


def test_the_overflow_of_a_wrapped_quoted_line_is_no_answer() -> None:
    long = "> " + "words " * 14
    assert split_body(f"Yes.\n\n{ATTRIBUTIONS[0]}\n{long}\nand more\n{long}\n").reply == "Yes."


@pytest.mark.parametrize(
    "words",
    [
        "The printer on floor 3 is out of order.",
        "On Monday I wrote a letter, and the printer ate it.",
        "From: here to there it is 3 km.",
        "To: print is what I want.",
        "Please see the attached log:\n\n  12:00 error\n  12:01 error",
        "Date: tomorrow would be fine for me.",
        "I have two wishes -- a new mouse and a keyboard.",
        "He wrote: nothing works.",
        "Steps:\n1. open it\n2. it says: not found",
    ],
)
def test_words_that_only_resemble_a_mark_stay(words: str) -> None:
    split = split_body(words)
    assert split.reply == words
    assert (split.history, split.signature) == ("", "")


@pytest.mark.parametrize(
    ("signature", "kept"),
    [
        ("-- \nAnn Lee\nExample GmbH", ""),
        ("--\nAnn Lee", ""),
        ("Sent from my iPhone", ""),
        ("Von meinem iPhone gesendet", ""),
        ("Regards,\nAnn\n\nExample GmbH\nTel. +49 30 1234567\nwww.example.org", "Regards,\nAnn"),
        ("Mit freundlichen Grüßen\n\nAnn Lee\nTeam Einkauf\nTelefon: +49 30 1234567", "Mit freundlichen Grüßen"),
        ("CONFIDENTIALITY NOTICE: This e-mail is confidential and privileged.", ""),
    ],
)
def test_a_signature_is_cut_off_but_not_the_closing_words(signature: str, kept: str) -> None:
    split = split_body(f"It works again.\n\n{signature}\n")
    assert split.reply == f"It works again.\n\n{kept}".strip()
    assert split.signature


def test_a_signature_or_footer_of_a_list_below_the_quoted_mail_is_no_answer() -> None:
    split = split_body(f"{NEW}\n\n{ATTRIBUTIONS[0]}\n> Does it work?\n\n-- \nFor the staff of Example Ltd only\n")
    assert (split.reply, split.certainty) == (NEW, Certainty.SURE)
    assert split.signature == "--\nFor the staff of Example Ltd only"


def test_an_answer_below_the_quoted_mail_is_not_lost_in_the_signature_above_it() -> None:
    split = split_body(f"Hello,\n-- \nAnn\n{ATTRIBUTIONS[0]}\n> Does it work?\n\nNo, it does not.\n")
    assert split.certainty is Certainty.DOUBTFUL


def test_the_footer_of_a_list_is_no_part_of_the_reply() -> None:
    footer = f"{'_' * 47}\nNetwork mailing list\nTo unsubscribe send a mail to network-leave@x.example"
    split = split_body(f"Done.\n\n{footer}\n")
    assert split.reply == "Done."
    assert "unsubscribe" in split.history


def test_a_mail_without_new_words_is_empty_and_doubtful() -> None:
    split = split_body(f"{ATTRIBUTIONS[0]}\n> Does it work?\n")
    assert (split.reply, split.certainty) == ("", Certainty.DOUBTFUL)


@given(st.lists(st.sampled_from([*ATTRIBUTIONS, *BLOCKS, NEW, "> old", "-- ", "", "words", "To: x", "Subject: y"])))
def test_no_line_is_lost_and_none_is_made_up(pieces: list[str]) -> None:
    text = "\n".join(pieces)
    split = split_body(text)
    found = sorted(line.strip() for part in (split.reply, split.signature, split.history) for line in part.split("\n"))
    assert [line for line in found if line] == sorted(line.strip() for line in text.split("\n") if line.strip())
