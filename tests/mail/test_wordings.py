"""What is new in a mail, in the words of mail programs of thirty-five languages."""

import pytest

from mailbot.mail.body import split_body
from mailbot.mail.forwarded import find_forwarded
from mailbot.mail.model import Certainty
from tests.mail.wordings import ATTRIBUTIONS, BLOCK_LABELS, MOBILE_LINES, SEPARATORS

NEW = "It works again.\n\nRegards\nAnn"


def test_there_are_more_than_twenty_languages() -> None:
    assert len(ATTRIBUTIONS) >= 20
    assert len(BLOCK_LABELS) >= 20


@pytest.mark.parametrize("mark", ["> ", ""])
@pytest.mark.parametrize("broken", ["", "\n"], ids=["whole", "broken"])
@pytest.mark.parametrize("language", ATTRIBUTIONS)
def test_words_above_an_attribution_are_the_reply(language: str, broken: str, mark: str) -> None:
    for line in ATTRIBUTIONS[language]:
        above = line.replace(" <ann@", f"{broken or ' '}<ann@")
        split = split_body(f"{NEW}\n\n{above}\n\n{mark}Does it work?\n{mark}Your desk\n")
        assert (split.reply, split.certainty) == (NEW, Certainty.SURE), above


@pytest.mark.parametrize("line", SEPARATORS)
def test_words_above_a_separator_are_the_reply(line: str) -> None:
    split = split_body(f"{NEW}\n\n{line}\n\nDoes it work?\n")
    assert (split.reply, split.certainty) == (NEW, Certainty.SURE)


@pytest.mark.parametrize("line", MOBILE_LINES)
def test_the_line_of_a_mobile_program_is_a_signature(line: str) -> None:
    split = split_body(f"{NEW}\n\n{line}\n")
    assert (split.reply, split.signature) == (NEW, line)


def block(language: str) -> str:
    author, date, to, cc, subject = BLOCK_LABELS[language]
    return "\n".join(
        [
            f"{author} Ann Lee <ann@desk.example>",
            f"{date} 2024-09-02 10:00",
            f"{to} Bob Ray <bob@example.org>",
            f"{cc} Eve Orr <eve@example.org>",
            f"{subject} Printer",
        ]
    )


@pytest.mark.parametrize("language", BLOCK_LABELS)
def test_words_above_a_header_block_are_the_reply(language: str) -> None:
    split = split_body(f"{NEW}\n\n{block(language)}\n\nDoes it work?\n")
    assert (split.reply, split.certainty) == (NEW, Certainty.SURE)


@pytest.mark.parametrize("language", BLOCK_LABELS)
def test_a_header_block_tells_of_the_original(language: str) -> None:
    found = find_forwarded(f"Please help her.\n\n{block(language)}\n\nDoes it work?\n", "FW: Printer")
    assert found is not None
    assert found.sender is not None
    assert (found.sender.address, found.subject, found.text) == ("ann@desk.example", "Printer", "Does it work?")
    assert [one.address for one in (*found.to, *found.cc)] == ["bob@example.org", "eve@example.org"]
    assert found.date == "2024-09-02 10:00"


@pytest.mark.parametrize(
    "words",
    [
        "No: 4711\nDate: 3 April 2024\nAmount: 12.50",  # "No" is "from" in Latvian
        "On Friday the supplier wrote:\n\nthe part is on its way.",
        "The error began on 2 September 2024 at 10:00, see below:\n\nDisk full.",
        "Please open an account for:\n\nBob Ray\nSenior Engineer\nbob@example.org\n+49 30 1234567",
        "Both pages fail\n\nhttps://intranet.example/a/b\nhttps://intranet.example/c/d",
        "Thanks for confirming. Here is the ticket\nhttps://tracker.example/browse/ONE-1",
        "Thanks for confirming. The new number is\n+49 30 1234567",
        "I need one more:\n\nPlease\n\nUser: bob\nHost: pc 4711\nE-mail: bob@example.org\nPhone: +49 30 1234567",
        "It prints:\n\nThis e-mail is confidential.\n\nThat is what the printer put on every page since we"
        " last spoke about it, and I cannot make it stop.",
        "Request ID: 7593\nRequested for: bob@example.org\nResource: stack manager\nType: application",
        "Please try once more with\n\nOutlook for Android",
        "It works.\n\nSent from my desk, it is much easier than from my phone.",
        "The log ends with\n\n--\n" + "12:00:01 disk sda1 is full\n" * 20 + "12:00:02 halted",
    ],
)
def test_what_only_resembles_a_mark_stays(words: str) -> None:
    split = split_body(words)
    assert (split.reply, split.history, split.signature) == (words, "", "")


def test_a_postscript_below_the_card_is_said() -> None:
    split = split_body(
        "Done.\n\nRegards,\nAnn Lee\nExample GmbH\nTel. +49 30 1234567\n\nPS: it also fails on Mondays.\n"
    )
    assert split.reply == "Done.\n\nRegards,\nAnn Lee\n\nPS: it also fails on Mondays."
    assert split.signature == "Example GmbH\nTel. +49 30 1234567"


def test_words_below_the_line_of_a_mobile_program_are_said() -> None:
    words = "It works.\n\nSent from my iPhone\n\nCan you also look at the scanner, please?"
    assert split_body(words).reply == words


def test_a_line_that_a_program_broke_off_a_quoted_one_is_no_answer() -> None:
    text = (
        "Yes.\n\nAnn Lee <ann@desk.example> wrote:\n"
        "> We have four printers of that kind on the third floor and none of them has been seen to\n"
        "print anything at all since the last update of the server, which was done on the evening\n"
        "before the holidays\n"
        "> by the supplier.\n"
    )
    assert split_body(text).reply == "Yes."


def test_an_answer_glued_between_quoted_lines_stays() -> None:
    text = (
        "Ann Lee <ann@desk.example> wrote:\n> Does it work again after the update of the server yesterday night?\n"
        "Yes, it does.\n> And the scanner?\nNo.\n"
    )
    assert split_body(text).reply == "Yes, it does.\nNo."


def test_quoted_lines_that_nobody_attributes_are_cited_where_words_stand_below() -> None:
    cited = "The screen says\n\n> disk full\n\nand then nothing more."
    split = split_body(cited)
    assert (split.reply, split.history, split.certainty) == (cited, "", Certainty.DOUBTFUL)
    assert split_body("> only this").reply == "> only this"
    assert split_body("Yes.\n\n> Does it work?").reply == "Yes."


def test_an_answer_in_small_letters_below_a_whole_sentence_stays() -> None:
    question = "> Have you tried again after the update of the server yesterday night?"
    text = f"Ann Lee <ann@desk.example> wrote:\n{question}\nyes i have\n> And the scanner?\n"
    assert split_body(text).reply == "yes i have"


def test_the_way_to_a_web_archive_stays_with_the_words_unless_quoted_mail_stands_above() -> None:
    trailer = (
        "--\nView this message in context: https://archive.example/one\nSent from the printer list archive at Example."
    )
    assert split_body(f"It fails.\n\n{trailer}\n").reply == f"It fails.\n\n{trailer}"
    assert split_body(f"Yes.\n\nAnn Lee <ann@desk.example> wrote:\n> old\n\n{trailer}\n").reply == "Yes."


@pytest.mark.parametrize(
    "line",
    ["From: Ann Lee <ann@desk.example>", "Original message:", "On 2 Sep 2024 Ann and 10 others in the room wrote"],
)
def test_a_lonely_line_that_reads_like_a_mark_makes_doubtful(line: str) -> None:
    split = split_body(f"Yes.\n\n{line}\nDoes it work?")
    assert line in split.reply
    assert split.certainty is Certainty.DOUBTFUL
