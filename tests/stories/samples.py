"""Mail that real lists and mail programs made of a mail of another desk, turned into mail about a ticket of ours.

Only names are exchanged: addresses, the reference in the subject, Message-IDs and reply addresses, and the headers by
which a desk knows its own mail. What the software did to the mail stays byte by byte.
"""

from __future__ import annotations

from email.header import decode_header, make_header

from tests.conversations.letters import Letter

SAMPLE_TAG = "[TICKET-42]"
SAMPLE_DESK = "support@bot.test"


def about(raw: bytes, letter: Letter, renamed: dict[str, str]) -> bytes:
    """The sample as if the mail that it answers or carries had been `letter`; `renamed` are other words to exchange."""
    genuine = {
        "support+t42.ab12cd@bot.test": letter.answer_to,
        "support+t42@bot.test": letter.answer_to,
        "t42.1.ab12cd@bot.test": letter.message_id.strip("<>"),
        "t42.1@bot.test": letter.message_id.strip("<>"),
        "t42.2@bot.test": letter.message_id.strip("<>"),
        "X-Mailbot-Ticket: 42": f"X-Loop: {letter.message['X-Loop']}",
        SAMPLE_TAG: tag_of(letter),
        SAMPLE_TAG.replace("[", "=5B").replace("]", "=5D"): quoted_printable(tag_of(letter)),
        SAMPLE_DESK: "support@corp.example",
        **renamed,
    }
    for old, new in genuine.items():
        raw = raw.replace(old.encode(), new.encode())
    assert b"t42" not in raw, "no reference of the other desk is left"
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def tag_of(letter: Letter) -> str:
    """[#1-k7q2m9xd]"""
    return letter.subject[letter.subject.index("[#") : letter.subject.index("]") + 1]


def quoted_printable(tag: str) -> str:
    """The tag inside an encoded word (RFC 2047), as mail programs write it that encode the whole subject."""
    written = tag.replace("[", "=5B").replace("]", "=5D").replace("#", "=23")
    assert str(make_header(decode_header(f"=?UTF-8?Q?{written}?="))) == tag
    return written
