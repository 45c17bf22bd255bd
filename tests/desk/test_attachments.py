"""Which attachments travel, and what one without a name is called."""

from mailbot.desk.attachments import choose_travelling, refer_to
from mailbot.mail.model import Attachment

LOG = Attachment("printer.log", "text/x-log", b"paper jam", False, None, unpacked=True)
WRAPPER = Attachment("winmail.dat", "application/ms-tnef", b"\x78\x9f\x3e\x22", False)


def names(*attachments: Attachment) -> list[str]:
    travelling, _ = choose_travelling(attachments, frozenset(), 1_000_000)
    return [ref.name for ref in travelling]


def test_a_winmail_dat_stays_behind_only_where_its_files_travel_instead() -> None:
    assert names(WRAPPER, LOG) == ["printer.log"]
    assert names(WRAPPER) == ["winmail.dat"]


def test_a_mail_attached_without_a_name_is_called_after_its_subject() -> None:
    message = b"From: ann@example.org\nSubject: =?utf-8?q?R=C3=A9: printer 1/2?=\n\nwords"
    assert refer_to(Attachment("", "message/rfc822", message, False)).name == "Ré_ printer 1-2.eml"
    assert refer_to(Attachment("a.eml", "message/rfc822", message, False)).name == "a.eml"
    assert refer_to(Attachment("", "message/rfc822", b"\n\nno header", False)).name == "attachment.eml"
