"""Every finding of the last check can be provoked, wherever the poison hides in the bytes."""

import base64
import gzip
import quopri
from collections.abc import Callable
from dataclasses import replace
from email.header import Header

import pytest

from mailbot.desk.outgoing import Outgoing, OutgoingKind
from mailbot.desk.ticket import AttachmentRef
from mailbot.mail.tokens import Role, footer_reference, sign_address, sign_message_id
from mailbot.render.last_check import check
from mailbot.render.mails import Rendered
from mailbot.render.samples import SAMPLE_NOW, Variant, make_sample
from tests.render.a_desk import KEYRING, POLICY, REQUESTER, SPECIALIST, render, with_view

RELAY = make_sample(OutgoingKind.RELAY_TO_REQUESTER, Variant.SHORT, "en")
TODAY = SAMPLE_NOW.date()
SPECIALIST_TOKEN = sign_address(KEYRING, 1042, Role.SPECIALIST, "group:printers", TODAY)
ADMIN_TOKEN = sign_address(KEYRING, 1042, Role.ADMIN, "root@example.org", TODAY)
COLLEAGUE_TOKEN = sign_address(KEYRING, 1042, Role.REQUESTER, "bo@other.example", TODAY)
OWN_TOKEN = sign_address(KEYRING, 7, Role.REQUESTER, REQUESTER, TODAY)
SPECIALIST_ID = sign_message_id(KEYRING, 1042, Role.SPECIALIST, "group:printers", TODAY, 3, "example.org")
NOTE = "The driver of this printer was never licensed, do not tell anybody."
FOREIGN = "a token of another role or recipient"


def findings(
    rendered: Rendered, outgoing: Outgoing = RELAY, *notes: str, other_chain: tuple[str, ...] = ()
) -> tuple[str, ...]:
    return check(rendered, outgoing, POLICY, KEYRING, notes, other_chain=other_chain)


def changed(change: Callable[[bytes], bytes], outgoing: Outgoing = RELAY) -> Rendered:
    rendered = render(outgoing)
    raw = change(rendered.raw)
    assert raw != rendered.raw
    return replace(rendered, raw=raw)


def header(line: str) -> Callable[[bytes], bytes]:
    return lambda raw: line.encode() + b"\r\n" + raw


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda raw: raw.replace(old, new, 1)


def saying(words: str) -> tuple[Rendered, Outgoing]:
    outgoing = with_view(RELAY, words=words)
    return render(outgoing), outgoing


def with_file(
    content: bytes, type_: str = "application/octet-stream", name: str = "file.bin"
) -> tuple[Rendered, Outgoing]:
    outgoing = replace(RELAY, attachments=(AttachmentRef("aa", name, type_, len(content)),))
    return render(outgoing, attachments={"aa": content}), outgoing


def test_a_mail_that_is_right_has_no_finding() -> None:
    assert findings(render(RELAY), RELAY, NOTE) == ()


# ---------------------------------------------------------------- the form of the mail


@pytest.mark.parametrize(
    ("change", "finding"),
    [
        (swap(b"\r\n", b"\n"), "a bare CR or LF"),
        (lambda raw: raw + b"x\ry", "a bare CR or LF"),
        (lambda raw: raw + b"x" * 999 + b"\r\n", "a line of more than 998 octets"),
        (lambda raw: raw + b"\x00", "a NUL or a letter outside of ASCII"),
        (lambda raw: raw + "ä".encode(), "a NUL or a letter outside of ASCII"),
        (header("Bcc: eve@evil.example"), "a header that no mail of ours has: bcc"),
        (header("Cc: eve@evil.example"), "a header that no mail of ours has: cc"),
        (header("Received: from inside"), "a header that no mail of ours has: received"),
        (header("Subject: another"), "the header subject stands 2 times"),
        (header("To: eve@evil.example"), "the header to stands 2 times"),
        (swap(b"X-Loop: example-desk\r\n", b""), "the header x-loop is missing"),
        (swap(b"To: Mara", b"To: eve@evil.example, Mara"), "the recipient is not the one of the row"),
        (swap(b"<mara@", b"<maria@"), "the recipient is not the one of the row"),
        (swap(b"<support@example.org>", b"<ceo@example.org>"), "the sender is not the desk"),
        (swap(b"<support+r", b"<eve+r"), "answers would not come back to the desk"),
        (swap(b"Message-ID: <", b"Message-ID: <x"), "the Message-ID is not the one of the row"),
    ],
)
def test_bytes_that_are_not_as_they_should_be_are_found(change: Callable[[bytes], bytes], finding: str) -> None:
    assert finding in findings(changed(change))


def test_a_row_for_somebody_else_is_found() -> None:
    assert "the recipient is not the one of the row" in findings(replace(render(RELAY), recipient="eve@evil.example"))
    assert "bounces would not come back to the desk" in findings(replace(render(RELAY), mail_from="eve@evil.example"))


def test_an_empty_relay_is_found() -> None:
    rendered, outgoing = saying(" \n ")
    assert "a relay without words" in findings(rendered, outgoing)


def test_a_file_without_a_word_may_go_to_the_group_but_not_to_the_requester() -> None:
    file = AttachmentRef("aa", "screen.png", "image/png", 4)
    for kind, expected in (
        (OutgoingKind.RELAY_TO_GROUP, ()),
        (OutgoingKind.RELAY_TO_REQUESTER, ("a relay without words",)),
    ):
        wordless = with_view(replace(make_sample(kind, Variant.SHORT, "en"), attachments=(file,)), words="")
        assert findings(render(wordless, attachments={"aa": b"\x89PNG"}), wordless) == expected


def test_a_relay_that_lost_its_words_is_found() -> None:
    assert findings(render(RELAY), with_view(RELAY, words="Something else entirely")) == (
        "a relay that lost its words",
    )


@pytest.mark.parametrize("words", ["👍", "?!", "  two\n\n\tlines ", "ü" * 3000, "a\u202eb", "{{ x }} <b> & 'q'"])
def test_unusual_words_are_no_finding(words: str) -> None:
    for kind in (OutgoingKind.RELAY_TO_REQUESTER, OutgoingKind.RELAY_TO_GROUP):
        relay = with_view(make_sample(kind, Variant.SHORT, "en"), words=words)
        assert findings(render(relay), relay) == ()


# ---------------------------------------------------------------- tokens

HIDING: dict[str, Callable[[str], tuple[Rendered, Outgoing]]] = {
    "in the words": lambda secret: saying(f"see {secret} above"),
    "in capitals": lambda secret: saying(f"see {secret.upper()} above"),
    "in the middle of a word": lambda secret: saying(f"xyz{secret}xyz"),
    "in a file": lambda secret: with_file(b"\x00\x01" + secret.encode() + b"\xff"),
    "in the name of a file": lambda secret: with_file(b"x", name=f"{secret}.txt"),
    "in a text in UTF-16": lambda secret: with_file(secret.encode("utf-16"), "text/plain", "a.txt"),
    "in an attached message": lambda secret: with_file(
        f"From: a@b.example\r\nSubject: x\r\n\r\n{secret}".encode(), "message/rfc822", "mail.eml"
    ),
    "in an encoded attached message": lambda secret: with_file(
        b"Subject: x\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(secret.encode()),
        name="mail.eml",
    ),
    "in a header of an attached message": lambda secret: with_file(
        f"Subject: {Header(secret, 'utf-8').encode()}\r\n\r\nx".encode(), "application/octet-stream", "m.eml"
    ),
    "in HTML, as entities": lambda secret: with_file(
        "".join(f"&#{ord(letter)};" for letter in secret).encode(), "text/html", "a.html"
    ),
    "in HTML, between tags": lambda secret: with_file(
        f"<p>{secret[:9]}<b></b>{secret[9:]}</p>".encode(), "text/html", "a.html"
    ),
    "in a link": lambda secret: with_file(
        "".join(f"%{ord(letter):02x}" for letter in secret).encode(), "text/plain", "a.txt"
    ),
}


@pytest.mark.parametrize("place", list(HIDING))
@pytest.mark.parametrize("token", [SPECIALIST_TOKEN, ADMIN_TOKEN, COLLEAGUE_TOKEN, SPECIALIST_ID])
def test_a_token_of_somebody_else_is_found_wherever_it_hides(place: str, token: str) -> None:
    rendered, outgoing = HIDING[place](token)
    assert FOREIGN in findings(rendered, outgoing)


@pytest.mark.parametrize(
    "change",
    [
        header(f"References: <{SPECIALIST_ID}>"),
        swap(b"References", b"X"),
        lambda raw: (
            raw
            + b"--x\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
            + quopri.encodestring(SPECIALIST_TOKEN.encode())
        ),
        lambda raw: raw + b"\r\n" + footer_reference(SPECIALIST_TOKEN).encode(),
    ],
    ids=["header", "no change", "epilogue", "footer"],
)
def test_a_token_in_the_raw_bytes_is_found(change: Callable[[bytes], bytes]) -> None:
    rendered = render(RELAY)
    raw = change(rendered.raw)
    assert (FOREIGN in findings(replace(rendered, raw=raw))) is (raw != rendered.raw)


def test_the_recipients_own_token_and_damaged_tokens_are_no_finding() -> None:
    for harmless in (OWN_TOKEN, SPECIALIST_TOKEN[:-1], "r" + SPECIALIST_TOKEN[1:], "aaaaaaaaaaaaaaaaaaaa" * 20):
        rendered, outgoing = saying(f"see {harmless} above")
        assert findings(rendered, outgoing) == ()


def test_a_group_must_not_get_the_token_of_another_group() -> None:
    other = sign_address(KEYRING, 1042, Role.SPECIALIST, "group:network", TODAY)
    relay = make_sample(OutgoingKind.RELAY_TO_GROUP, Variant.SHORT, "en")
    assert findings(changed(lambda raw: raw + other.encode(), relay), relay) == (FOREIGN,)


def test_an_id_of_the_other_sides_thread_is_found() -> None:
    rendered, outgoing = saying("as I wrote in <CAFE123@staff.example.org>")
    found = findings(rendered, outgoing, other_chain=("cafe123@staff.example.org",))
    assert found == ("a Message-ID of the other side's thread",)


def test_a_short_id_is_not_found_at_the_end_of_another() -> None:
    rendered = render(RELAY)
    domain = rendered.message_id.partition("@")[2]
    ending = f"{rendered.message_id.partition('@')[0][-2:]}@{domain}"
    assert findings(rendered, other_chain=(ending,)) == ()


def test_a_group_may_read_an_id_that_a_requester_quoted_but_not_be_threaded_to_it() -> None:
    relay = make_sample(OutgoingKind.RELAY_TO_GROUP, Variant.SHORT, "en")
    quoting, other = with_view(relay, words="my mail <cafe123@staff.example.org>"), ("cafe123@staff.example.org",)
    assert findings(render(quoting), quoting, other_chain=other) == ()
    assert findings(render(relay, chain=other), relay, other_chain=other) == (
        "a Message-ID of the other side's thread",
    )


# ---------------------------------------------------------------- addresses and notes


@pytest.mark.parametrize(
    "address",
    [
        SPECIALIST,
        "lead@staff.example.org",
        "duty@staff.example.org",
        "printers@lists.example.org",
        "nils@staff.example.org",
    ],
)
@pytest.mark.parametrize("place", [place for place in HIDING if "middle" not in place])
def test_an_address_of_specialists_is_found(address: str, place: str) -> None:
    rendered, outgoing = HIDING[place](address)
    assert f"an address of specialists: {address}" in findings(rendered, outgoing)


@pytest.mark.parametrize("words", ["joann@staff.example.org", "support@example.org", REQUESTER])
def test_an_address_of_somebody_else_is_no_finding(words: str) -> None:
    rendered, outgoing = saying(f"write to {words}.")
    assert findings(rendered, outgoing) == ()


def test_a_specialist_who_needs_help_may_read_their_own_address() -> None:
    outgoing = replace(RELAY, to=SPECIALIST)
    assert findings(render(outgoing), outgoing) == ()


def test_specialists_may_read_addresses_and_notes() -> None:
    relay = with_view(make_sample(OutgoingKind.RELAY_TO_GROUP, Variant.SHORT, "en"), words=f"{NOTE} {SPECIALIST}")
    assert findings(render(relay), relay, NOTE) == ()


@pytest.mark.parametrize(
    ("words", "found"),
    [
        (NOTE, True),
        ("By the way: THE DRIVER of this\nprinter, hm", True),
        ("<b>never</b> licensed; do not tell", True),
        ("the driver of this, hm, printer", False),
    ],
)
@pytest.mark.parametrize("place", ["in the words", "in an attached message", "in a text in UTF-16"])
def test_five_words_of_a_note_are_found(words: str, found: bool, place: str) -> None:
    rendered, outgoing = HIDING[place](words)
    assert ("words of an internal note" in findings(rendered, outgoing, NOTE)) is found


def test_a_short_note_is_found_whole_and_a_tiny_one_is_not_looked_for() -> None:
    rendered, outgoing = saying("Well, he is a liar, and OK is OK.")
    assert findings(rendered, outgoing, "He is a liar!") == ("words of an internal note",)
    assert findings(rendered, outgoing, "OK", "a liar") == ()


def test_a_compressed_file_is_beyond_this_check() -> None:
    """What the check cannot promise: it reads what mail programs show, not archives."""
    rendered, outgoing = with_file(gzip.compress(NOTE.encode()), name="note.gz")
    assert findings(rendered, outgoing, NOTE) == ()
