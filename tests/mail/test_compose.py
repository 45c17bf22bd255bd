"""What leaves: for any words in any field the bytes are a valid mail that reads back as it was meant."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailbot.mail.compose import Draft, clean, compose
from mailbot.mail.model import Address, Attachment
from mailbot.mail.parse import parse

PLAIN = Draft(
    message_id="r1.aaaa@desk.example",
    date=datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC),
    from_=Address("IT Support", "support@desk.example"),
    to=(Address("Ann Lee", "ann@example.org"),),
    subject="Printer",
    text="Hello Ann,\n\nit is on its way.\n",
)
words = st.text(max_size=300)
ids = st.from_regex(r"[a-z0-9.]{1,40}@[a-z]{1,20}\.example", fullmatch=True)
addresses = st.builds(Address, words, st.from_regex(r"[a-z]{1,20}@[a-z]{1,20}\.example", fullmatch=True))
FIELD = re.compile(rb"[A-Za-z-]+: ?[!-~ ]*\Z|[ \t][!-~ \t]*\Z")


def header_names(raw: bytes) -> list[str]:
    head = raw.partition(b"\r\n\r\n")[0]
    return [line.partition(b":")[0].decode() for line in head.split(b"\r\n") if not line.startswith((b" ", b"\t"))]


def assert_safe(raw: bytes) -> None:
    assert raw.isascii()
    assert b"\r" not in raw.replace(b"\r\n", b"")
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    for line in raw.partition(b"\r\n\r\n")[0].split(b"\r\n"):
        assert FIELD.match(line), line


@given(words, words, addresses, addresses, st.lists(ids, max_size=150, unique=True), words)
def test_no_words_add_a_field_and_all_read_back(
    subject: str, text: str, sender: Address, recipient: Address, references: list[str], further: str
) -> None:
    draft = replace(PLAIN, subject=subject, text=text, from_=sender, to=(recipient,), references=tuple(references))
    draft = replace(draft, in_reply_to="q@x.example", headers=(("X-Loop", further),))
    raw = compose(draft)
    assert_safe(raw)
    expected = ["Date", "From", "To", "Subject", "Message-ID", "In-Reply-To", "References", "X-Loop", "MIME-Version"]
    if not references:
        expected.remove("References")
    assert [name for name in header_names(raw) if not name.startswith("Content-")] == expected
    mail = parse(raw)
    assert mail.subject == clean(subject)
    assert [one.address for one in (*mail.from_, *mail.to)] == [sender.address, recipient.address]
    assert mail.header_values("x-loop") == (clean(further),)
    assert mail.message_id == draft.message_id
    assert mail.in_reply_to == ("q@x.example",)
    assert mail.references[-1:] == tuple(references)[-1:]
    assert not mail.defects


@given(st.text(max_size=2_000))
def test_the_text_reads_back(text: str) -> None:
    kept = re.sub("[\0-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]", "", text).replace("\r\n", "\n").replace("\r", "\n")
    assert parse(compose(replace(PLAIN, text=text))).text.strip().strip("\ufeff") == kept.strip().strip("\ufeff")


@given(st.lists(st.tuples(words, st.binary(max_size=200)), max_size=4))
def test_attachments_travel_whole_whatever_they_are_called(files: list[tuple[str, bytes]]) -> None:
    attachments = tuple(Attachment(name, "application/pdf", content or b"x", inline=False) for name, content in files)
    raw = compose(replace(PLAIN, attachments=attachments))
    assert_safe(raw)
    mail = parse(raw)
    assert [one.content for one in mail.attachments] == [one.content for one in attachments]
    assert [one.name for one in mail.attachments] == [clean(one.name, 150) or "attachment" for one in attachments]


def test_html_with_its_images_is_an_alternative_and_the_text_stays_the_text() -> None:
    image = Attachment("logo.png", "image/png", b"\x89PNG", inline=True, content_id="logo@desk.example")
    raw = compose(replace(PLAIN, html='<p>Hello</p><img src="cid:logo@desk.example">', attachments=(image,)))
    mail = parse(raw)
    assert mail.text.strip() == PLAIN.text.strip()
    assert [(one.name, one.inline, one.content_id) for one in mail.attachments] == [
        ("logo.png", True, "logo@desk.example")
    ]
    assert raw.index(b"multipart/alternative") < raw.index(b"multipart/related")


def test_the_same_draft_gives_the_same_bytes_and_another_id_other_boundaries() -> None:
    draft = replace(PLAIN, html="<p>Hello</p>")
    assert compose(draft) == compose(draft)
    boundary = re.compile(rb'boundary="([^"]+)"')
    other = compose(replace(draft, message_id="r2.aaaa@desk.example"))
    assert boundary.findall(compose(draft)) != boundary.findall(other)


def test_a_text_that_holds_the_boundary_does_not_break_the_mail() -> None:
    draft = replace(PLAIN, html="<p>Hello</p>")
    boundary = re.findall(rb'boundary="([^"]+)"', compose(draft))[0].decode()
    mail = parse(compose(replace(draft, text=f"one\n--{boundary}\ntwo\n--{boundary}--\nthree")))
    assert mail.text == f"one\n--{boundary}\ntwo\n--{boundary}--\nthree"


def test_references_keep_the_first_and_the_latest_below_4_kilobytes() -> None:
    references = tuple(f"{number:04d}.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa@desk.example" for number in range(500))
    mail = parse(compose(replace(PLAIN, references=references)))
    assert (mail.references[0], mail.references[-1]) == (references[0], references[-1])
    assert sum(len(one) + 3 for one in mail.references) < 4_000


@pytest.mark.parametrize("address", ["", "ann", "ann@", "@example.org", "a b@example.org",
                                     "ann@example.org\r\nBcc: x@y.example",
                                     "ann@example.org, eve@example.org", "änn@example.org",
                                     "ann@exam..ple"])  # fmt: skip
def test_an_address_that_cannot_be_written_stops_the_mail(address: str) -> None:
    with pytest.raises(ValueError, match="no address"):
        compose(replace(PLAIN, to=(Address("Ann", address),)))


def test_a_domain_of_foreign_letters_goes_out_as_punycode() -> None:
    raw = compose(replace(PLAIN, to=(Address("", "ann@bücher.example"),)))
    assert b"To: ann@xn--bcher-kva.example\r\n" in raw


@pytest.mark.parametrize("name", ["Bcc", "To", "Content-Type", "X Loop", "X-Loop:", "", "X-Loop\r\nBcc"])
def test_a_further_field_cannot_replace_one_of_the_draft(name: str) -> None:
    with pytest.raises(AssertionError):
        compose(replace(PLAIN, headers=((name, "x"),)))


@pytest.mark.parametrize(
    ("value", "cleaned"),
    [
        ("Printer\r\nBcc: eve@example.org", "Printer Bcc: eve@example.org"),
        ("a\u2028b\u2029c\x85d\0e", "a b c de"),
        ("invoice\u202efdp.exe", "invoice fdp.exe"),
        ("  two   blanks\t", "two blanks"),
        ("\ud800x", "x"),
        ("x" * 2_000, "x" * 900),
    ],
)
def test_a_field_is_cleaned_before_it_is_written(value: str, cleaned: str) -> None:
    assert clean(value) == cleaned
