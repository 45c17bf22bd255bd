"""The same mail again: a copy through a list is one, a forgery with the same Message-ID is none."""

from mailbot.mail.parse import parse
from mailbot.mail.threads import Fingerprints, fingerprints
from tests.mail.letters import letter


def of(raw: bytes, token_key: str = "") -> Fingerprints:
    return fingerprints(raw, parse(raw), token_key)


WORDS = "Hello,\n\nthe printer on floor 3 is out of order.\n"
FOOTER = "_______________________________________________\nUsers mailing list\nhttps://lists.example/mailman/listinfo/users\n"


def test_the_copy_of_a_list_is_the_same_mail_in_other_bytes() -> None:
    direct = of(letter(WORDS))
    listed = of(
        letter(
            WORDS + FOOTER,
            "List-Id: <users.lists.example>",
            "List-Post: <mailto:users@lists.example>",
            "Reply-To: Ann Lee <ann@example.org>",
            sender='"Ann Lee via Users" <users@lists.example>',
        ).replace(b"Subject: Printer", b"Subject: [Users] Printer")
    )
    assert direct.raw != listed.raw
    assert direct.content == listed.content


def test_other_line_breaks_and_hops_are_the_same_mail() -> None:
    assert of(letter(WORDS)).content == of(letter(WORDS.replace(" floor", "\nfloor"), "Received: by x")).content


def test_the_same_message_id_with_other_words_author_time_or_token_is_another_mail() -> None:
    originals = {of(letter(WORDS)).content}
    others = {
        of(letter(WORDS + "It burns.\n")).content,
        of(letter(WORDS, sender="Eve <eve@evil.example>")).content,
        of(letter(WORDS).replace(b"10:00:00", b"10:00:01")).content,
        of(letter(WORDS), "1042 requester").content,
        of(letter(WORDS), "1042 specialist").content,
    }
    assert len(others) == 5
    assert not originals & others


def test_the_same_bytes_have_the_same_fingerprints() -> None:
    assert of(letter(WORDS), "1042 requester") == of(letter(WORDS), "1042 requester")
