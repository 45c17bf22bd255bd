"""Attachments travel both ways; what is only decoration, proof or too large stays behind."""

from __future__ import annotations

from dataclasses import replace
from email.message import EmailMessage

from mailbot.desk.policy import Policy
from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent
from tests.conversations.scenes import in_progress, resolved

PNG = b"\x89PNG\r\n\x1a\n"
SCREEN = PNG + b"screen" * 2_000
LOGO = PNG + b"logo"


def with_images(message: EmailMessage, **images: bytes) -> EmailMessage:
    """An HTML mail whose images stand in its text."""
    text = message.get_content()
    tags = "".join(f'<img src="cid:{name}@mail.example">' for name in images)
    message.add_alternative(f"<p>{text.splitlines()[0]}</p>{tags}", subtype="html")
    html = message.get_payload(1)
    assert isinstance(html, EmailMessage)
    for name, content in images.items():
        html.add_related(
            content, "image", "png", cid=f"<{name}@mail.example>", filename=f"{name}.png", disposition="inline"
        )
    return message


def content_ids(letter: Letter) -> dict[str, bytes]:
    """The images that stand in the text, by their Content-ID."""
    parts = (part for part in letter.message.walk() if part["Content-ID"])
    return {str(part["Content-ID"]): bytes(part.get_payload(decode=True)) for part in parts}


def test_the_first_mail_brings_its_files_to_the_group(requester: Correspondent, specialist: Correspondent) -> None:
    requester.writes(
        "VPN is down", "The tunnel does not work any more. I am in room 12.", attachments={"vpn.log": b"error 809"}
    )
    assert specialist.gets("hand_over").attachments == {"vpn.log": b"error 809"}
    assert requester.gets("acknowledgement").attachments == {}


def test_a_reply_brings_its_files_to_the_group(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    requester.replies("Here is the log.", attachments={"vpn.log": b"error 809"})
    letter = specialist.gets("relay_to_group")
    assert letter.attachments == {"vpn.log": b"error 809"}
    assert letter.says("vpn.log")


def test_a_file_without_a_word_travels_as_well(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    requester.replies("", attachments={"vpn.log": b"error 809"})
    assert specialist.gets("relay_to_group").attachments == {"vpn.log": b"error 809"}


def test_a_specialists_file_reaches_the_requester(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    specialist.replies("Please import this profile.", attachments={"profile.ovpn": b"remote vpn.corp.example"})
    letter = requester.gets("relay_to_requester")
    assert letter.attachments == {"profile.ovpn": b"remote vpn.corp.example"}


def test_a_file_travels_with_the_request_to_confirm(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    specialist.replies("#resolve\nImport this profile.", attachments={"profile.ovpn": b"remote vpn.corp.example"})
    assert "profile.ovpn" in requester.gets("request_to_confirm").attachments


def test_a_file_beside_a_note_stays_inside(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    specialist.replies("#note Only for us.", attachments={"passwords.txt": b"secret"})
    requester.gets_nothing()


def test_a_screenshot_in_the_text_keeps_its_place(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    letter = requester.inbox[-1]
    mail = requester.composes(f"Re: {letter.subject}", "This is what I see:", to=letter.answer_to)
    requester.sends(with_images(mail, screen=SCREEN))
    assert SCREEN in content_ids(specialist.gets("relay_to_group")).values()
    assert "<screen@mail.example>" in content_ids(specialist.inbox[-1])


def test_a_logo_stays_behind(requester: Correspondent, specialist: Correspondent) -> None:
    in_progress(requester, specialist)
    handed = specialist.inbox[0]
    mail = specialist.composes(f"Re: {handed.subject}", "Please look at this:", to=handed.answer_to)
    specialist.sends(with_images(mail, logo=LOGO, screen=SCREEN))
    letter = requester.gets("relay_to_requester")
    assert set(content_ids(letter).values()) == {SCREEN}
    assert LOGO not in letter.attachments.values()


def test_what_is_too_large_is_named_and_kept(requester: Correspondent, specialist: Correspondent) -> None:
    requester.desk.decides(small_limit)
    in_progress(requester, specialist)
    requester.replies("Here are both.", attachments={"huge.iso": b"x" * 2_000, "small.txt": b"y"})
    letter = specialist.gets("relay_to_group")
    assert letter.attachments == {"small.txt": b"y"}
    assert letter.says("huge.iso", "too large")
    kept = requester.desk.entries(1)[-1].attachments
    assert {ref.name: requester.desk.content_of(ref) for ref in kept} == {"huge.iso": b"x" * 2_000, "small.txt": b"y"}


def test_a_hand_over_names_what_was_too_large(requester: Correspondent, specialist: Correspondent) -> None:
    requester.desk.decides(small_limit)
    requester.writes("VPN is down", "It does not work. I am in room 12.", attachments={"huge.iso": b"x" * 2_000})
    assert specialist.gets("hand_over").says("huge.iso", "too large")


def test_the_requester_learns_what_was_too_large(requester: Correspondent, specialist: Correspondent) -> None:
    requester.desk.decides(small_limit)
    in_progress(requester, specialist)
    specialist.replies("Please install this.", attachments={"huge.iso": b"x" * 2_000})
    letter = requester.gets("relay_to_requester")
    assert letter.attachments == {}
    assert letter.says("huge.iso", "too large")


def small_limit(policy: Policy) -> Policy:
    """A kilobyte a mail."""
    return replace(policy, limits=replace(policy.limits, attachments_bytes=1_000))


def test_a_name_is_only_a_name(requester: Correspondent, specialist: Correspondent) -> None:
    requester.writes(
        "VPN is down", "The tunnel does not work. I am in room 12.", attachments={"../../etc/passwd": b"root"}
    )
    assert specialist.gets("hand_over").attachments == {"passwd": b"root"}


def test_a_reopening_brings_its_file(requester: Correspondent, specialist: Correspondent) -> None:
    resolved(requester, specialist)
    requester.replies("No, it still does not work.", attachments={"vpn.log": b"error 809"})
    assert specialist.gets("relay_to_group").attachments == {"vpn.log": b"error 809"}
