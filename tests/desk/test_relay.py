"""What of a specialist's mail reaches the requester, what stays behind, and what a person must look at first."""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest

from mailbot.desk.attachments import rebuild_name, sniff_type
from mailbot.desk.relay import RelayText, new_words, relay_text, travelling, without_history
from mailbot.desk.remarks import HoldCode, Remark
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Entry, Side, State, Visibility
from mailbot.mail.model import Attachment, Certainty, Mail
from tests.desk.world import NOW, POLICY, SAM, mail_of, situation_of, ticket_in

HAND_OVER = """Ticket 7 for Network: VPN broken
From: Ann Archer
Priority: P4

My tunnel is down.

Answer this mail to write to Ann."""
RELAYED = "Please restart the client.\nThen tell us what you see."


def situation(*sent: str, notes: tuple[str, ...] = ()) -> Situation:
    said = [Entry(Side.GROUP, Visibility.INTERNAL, SAM, "Sam", note, NOW, "note") for note in notes]
    said.append(
        Entry(Side.REQUESTER, Visibility.PUBLIC, "ann@corp.example", "Ann", "My tunnel is down since noon.", NOW)
    )
    return situation_of(ticket_in(State.IN_PROGRESS), sent_texts=sent, entries=tuple(said))


def relayed(text: str, *sent: str, **changes: object) -> RelayText:
    mail = replace(mail_of(text, sender=SAM), **changes)  # type: ignore[arg-type]  # fields by name
    return relay_text(mail, situation(*sent), POLICY)


def test_plain_words_go_as_they_are() -> None:
    assert relayed("Hello Ann,\n\nplease restart.\n\n\n\nSam") == RelayText("Hello Ann,\n\nplease restart.\n\nSam")


def test_the_words_below_a_command_block_go_instead_of_the_whole_reply() -> None:
    mail = mail_of("#resolve\nIt is back.", sender=SAM)
    assert relay_text(mail, situation(), POLICY, "It is back.") == RelayText("It is back.")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        (f"Done.\n\n{HAND_OVER}", "Done."),  # whole
        (
            "Done.\n> Ticket 7 for Network: VPN broken\n> From: Ann Archer\n>\n> Priority: P4\nBye",
            "Done.\nBye",
        ),  # three lines
        ("Done.\nOn 2 March 2026 Support wrote:\n> Priority: P4", "Done."),  # below an attribution
        ("Done.\n-----Original Message-----\nFrom: IT Support\nTo: network\n\nMy tunnel is down.", "Done."),
        (f"{RELAYED}\nAnd more.", "And more."),  # a whole mail of two lines
        (f"And more.\n{RELAYED.replace(' ', '  ')}", "And more."),  # blanks do not matter
    ],
)
def test_a_block_that_mailbot_sent_is_history(text: str, kept: str) -> None:
    assert relayed(text, HAND_OVER, RELAYED) == RelayText(kept)


@pytest.mark.parametrize(
    "text",
    [
        "Hello,\nMy tunnel is down.\nis what you wrote.",  # one equal line
        "My tunnel is down.\nAnswer this mail to write to Ann.\nwere your words.",  # two of a longer mail
        "Do these 2 things:\nThen tell us what you see.",  # no attribution, though it ends with a colon
        "Done.",  # a whole mail of one line
    ],
)
def test_fewer_equal_lines_prove_nothing(text: str) -> None:
    assert relayed(text, HAND_OVER, RELAYED, "Done.") == RelayText(text)


def test_what_would_leave_nothing_is_held() -> None:
    assert relayed(RELAYED, RELAYED) == RelayText("", Remark(HoldCode.NOTHING_LEFT))


def test_an_empty_text_is_never_relayed() -> None:
    assert relayed(" \n ") == RelayText("", Remark(HoldCode.NO_TEXT))


def test_a_doubtful_cut_is_held_with_its_reason_and_shown() -> None:
    assert relayed("Yes", certainty=Certainty.DOUBTFUL) == RelayText("Yes", Remark(HoldCode.DOUBTFUL_CUT))
    why = relayed("Yes", certainty=Certainty.DOUBTFUL, certainty_reason="interleaved").hold
    assert str(why) == "doubtful_cut: interleaved"


def test_quoted_lines_without_an_attribution_are_no_doubt_once_proved_to_be_ours() -> None:
    doubt: dict[str, object] = {
        "certainty": Certainty.DOUBTFUL,
        "certainty_reason": "quoted lines without an attribution",
    }
    ours = "> My tunnel is down.\n> Answer this mail to\n> write to Ann.\n\n_______________\nlist of the team"
    assert relayed("Yes", HAND_OVER, **doubt, history=ours) == RelayText("Yes")
    held = relayed("Yes", HAND_OVER, **doubt, history=f"{ours}\n> and this he cites himself").hold
    assert held == Remark(HoldCode.DOUBTFUL_CUT, "quoted lines without an attribution")


def test_a_single_line_of_ours_with_a_quote_mark_is_history() -> None:
    assert relayed("Done.\n> My tunnel is down.\nBye", HAND_OVER) == RelayText("Done.\nBye")
    assert relayed("Done.\n> What he cites.\nBye", HAND_OVER) == RelayText("Done.\n> What he cites.\nBye")


def test_a_footer_of_ours_in_the_words_shows_that_the_cut_failed() -> None:
    held = relayed("Fine.\n[ref:" + "a" * 38 + ":ref]")
    assert held == RelayText("Fine.", Remark(HoldCode.FOOTER_OF_OURS))


def test_a_line_of_a_note_is_held() -> None:
    mail = mail_of("See below.\n> The user always forgets the password.", sender=SAM)
    noted = situation(notes=("The user always forgets the password.",))
    assert relay_text(mail, noted, POLICY).hold == Remark(HoldCode.LINE_OF_A_NOTE)
    assert relay_text(mail_of("OK.", sender=SAM), situation(notes=("OK.",)), POLICY).hold is None


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Fine.\nMail: sam@corp.example", "Fine."),
        ("Fine.\nSam Smith <Sam@Corp.example>", "Fine."),
        ("Fine.\nnetwork@lists.corp.example", "Fine."),
        (
            "Please write to sam@corp.example if it comes back.",
            "Please write to support@corp.example if it comes back.",
        ),
        ("Please write to support+rabc@corp.example if it fails.", "Please write to support@corp.example if it fails."),
        (
            "Ask mailto:lead@corp.example or root@corp.example about this, please.",
            "Ask support@corp.example or support@corp.example about this, please.",
        ),
        ("The vendor is help@vendor.example.", "The vendor is help@vendor.example."),
        ("Ask support@corp.example.", "Ask support@corp.example."),
    ],
)
def test_addresses_of_members_lists_and_tokens_stay_behind(text: str, kept: str) -> None:
    assert relayed(text) == RelayText(kept)


def test_the_signature_stays_behind() -> None:
    assert relayed("Fine.\n-- \nSam Smith\nNetwork", signature="Sam Smith\nNetwork") == RelayText("Fine.")
    assert relayed("Fine.\nSam Smith\nNetwork", signature="Sam Smith\nNetwork") == RelayText("Fine.")
    assert relayed("Fine.\nSam Smith", signature="Another\nNetwork") == RelayText("Fine.\nSam Smith")
    assert relayed("Sam", signature="Sam").hold == Remark(HoldCode.NOTHING_LEFT)


def test_the_footer_of_a_list_stays_behind() -> None:
    footer = "_______________\nNetwork mailing list\nTo leave write to network@lists.corp.example"
    assert relayed(f"Fine.\n{footer}") == RelayText("Fine.")
    assert relayed("Fine.\n_____\nBelow the line.") == RelayText("Fine.\n_____\nBelow the line.")


# ---------------------------------------------------------------- towards the specialists


def words_of(text: str, reply: str, *sent: str) -> str:
    return new_words(Mail(text=text, reply=reply), situation(*sent))


def test_towards_specialists_more_is_kept() -> None:
    assert words_of("It is back.\n> old", "It is back.") == "It is back."
    assert words_of(f"It is back.\n{RELAYED}", f"It is back.\n{RELAYED}", RELAYED) == "It is back."
    assert words_of(RELAYED, RELAYED, RELAYED) == RELAYED  # better twice than not at all
    assert words_of("> all quoted", "") == "> all quoted"


def test_lines_that_stand_everywhere_are_followed_up_only_so_often() -> None:
    text = "\n".join(["Kind regards"] * 400)
    assert without_history(f"New.\n{text}", [text] * 3) == "New."


# ---------------------------------------------------------------- attachments

PNG = b"\x89PNG\r\n\x1a\n"


def travel(
    *attachments: Attachment, limit_bytes: int = 10_000, logos: frozenset[str] = frozenset()
) -> tuple[list[str], list[str]]:
    policy = replace(POLICY, limits=replace(POLICY.limits, attachments_bytes=limit_bytes))
    chosen = travelling(replace(mail_of("x"), attachments=attachments), situation_of(None, logos=logos), policy)
    return [ref.name for ref in chosen.refs], [ref.name for ref in chosen.too_large]


def image(name: str, size_bytes: int, *, inline: bool = True) -> Attachment:
    return Attachment(name, "image/png", PNG.ljust(size_bytes, b"x"), inline, "cid1")


def test_logos_stay_behind_and_screenshots_travel() -> None:
    known = hashlib.sha256(image("", 7_000).content).hexdigest()
    logos = frozenset({known})
    small, large, seen = image("small.png", 5_119), image("large.png", 5_120), image("seen.png", 7_000)
    attached = image("attached.png", 100, inline=False)
    assert travel(small, large, seen, attached, logos=logos, limit_bytes=99_999) == (["large.png", "attached.png"], [])


def test_the_largest_stay_behind_until_the_rest_fits() -> None:
    files = [image(f"{size}.png", size, inline=False) for size in (3_000, 9_000, 2_000, 8_000)]
    assert travel(*files) == (["3000.png", "2000.png"], ["9000.png", "8000.png"])
    assert travel(*files, limit_bytes=22_000) == (["3000.png", "9000.png", "2000.png", "8000.png"], [])


def test_signatures_and_keys_stay_behind() -> None:
    proof = Attachment("smime.p7s", "application/pkcs7-signature", b"x", inline=False)
    assert travel(proof, replace(proof, type="application/PGP-keys")) == ([], [])


def test_the_answered_mail_attached_whole_stays_behind_and_other_mails_travel() -> None:
    """It is history, and full of the tokens of whom it was written to; s-nail and others attach it."""
    ours = Attachment("a.eml", "message/rfc822", b"Message-ID: <ours@corp.example>\r\n\r\nHello", inline=True)
    other = replace(ours, name="b.eml", content=b"Message-ID: <other@corp.example>\r\n\r\nHello")
    answer = replace(mail_of("x"), references=("ours@corp.example",), attachments=(ours, other))
    assert [ref.name for ref in travelling(answer, situation_of(None), POLICY).refs] == ["b.eml"]


def test_an_attachment_is_known_by_its_hash_and_keeps_its_content_id() -> None:
    [ref] = travelling(replace(mail_of("x"), attachments=(image("a.png", 6_000),)), situation_of(None), POLICY).refs
    assert ref.content_hash == hashlib.sha256(image("", 6_000).content).hexdigest()
    assert (ref.type, ref.size_bytes, ref.inline, ref.content_id) == ("image/png", 6_000, True, "cid1")


@pytest.mark.parametrize(
    ("claimed", "type_", "name"),
    [
        ("report.pdf", "", "report.pdf"),
        ("../../etc/passwd", "", "passwd"),
        ("C:\\Users\\ann\\a b.txt", "", "a b.txt"),
        (".htaccess", "", "htaccess"),
        ("a\r\nBcc: x.png", "", "a Bcc_ x.png"),
        ("invoice\u202egpj.exe", "", "invoice gpj.exe"),
        ("con.txt", "", "_con.txt"),
        ("Übersicht März.xlsx", "", "Übersicht März.xlsx"),
        ("...", "image/png", "attachment.png"),
        ("", "application/x-strange", "attachment"),
        ("x" * 200 + ".pdf", "", "x" * 116 + ".pdf"),
        ("x" * 200, "", "x" * 120),
        ("a." + "x" * 200, "", ("a." + "x" * 200)[:120]),
    ],
)
def test_a_name_is_rebuilt(claimed: str, type_: str, name: str) -> None:
    assert rebuild_name(claimed, type_) == name


@pytest.mark.parametrize(
    ("content", "claimed", "type_"),
    [
        (PNG, "image/png", "image/png"),
        (PNG, "text/plain", "image/png"),
        (b"RIFFxxxxWEBPVP8", "image/webp", "image/webp"),
        (b"%PDF-1.7", "application/octet-stream", "application/pdf"),
        (b"PK\x03\x04", "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.text"),
        (b"PK\x03\x04", "application/octet-stream", "application/zip"),
        (b"PK\x03\x04", "image/png", "application/zip"),
        (b"MZ\x90", "image/png", "application/vnd.microsoft.portable-executable"),
        (b"not an image", "image/png", "application/octet-stream"),
        (b"not a pdf", "application/pdf", "application/octet-stream"),
        (b" <!DOCTYPE html><p>", "image/gif", "text/html"),
        (b"<!-- x --><svg>", "image/svg+xml", "image/svg+xml"),
        (b"plain", "text/plain; charset=utf-8", "text/plain"),
        (b"plain", "no type", "application/octet-stream"),
        (b"plain", "Text/CSV", "text/csv"),
    ],
)
def test_a_type_is_what_the_bytes_say(content: bytes, claimed: str, type_: str) -> None:
    assert sniff_type(content, claimed) == type_
