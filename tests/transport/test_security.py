"""What no setting can switch on: plaintext over a network, commands inside settings, secrets in logs."""

import ssl

import pytest

from mailbot.transport.imap import ImapSettings
from mailbot.transport.security import Security, reveal, tls_context
from mailbot.transport.smtp import SmtpSettings


@pytest.mark.parametrize("host", ["mail.example.org", "192.168.1.10", "10.0.0.1", "localhost.example.org", "::2", ""])
def test_plaintext_is_refused_off_loopback(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        ImapSettings("support", host, "ann", "secret", security=Security.NONE)
    with pytest.raises(ValueError, match="loopback"):
        SmtpSettings(host, security=Security.NONE)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_plaintext_is_allowed_on_loopback(host: str) -> None:
    assert ImapSettings("support", host, "ann", "secret", security=Security.NONE).host == host
    assert SmtpSettings(host, security=Security.NONE).host == host


def test_tls_is_what_one_gets_without_asking() -> None:
    assert ImapSettings("support", "mail.example.org", "ann", "secret").security is Security.TLS
    assert SmtpSettings("mail.example.org").security is Security.TLS


def test_certificates_and_names_are_verified_with_tls_1_2_at_least() -> None:
    context = tls_context()
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2


def test_secrets_are_not_in_the_words_that_settings_print() -> None:
    assert "hunter2" not in repr(ImapSettings("support", "mail.example.org", "ann", "hunter2"))
    assert "hunter2" not in repr(SmtpSettings("mail.example.org", user="ann", password="hunter2"))


@pytest.mark.parametrize("hostile", ["INBOX\r\nA1 DELETE INBOX", "INBOX\n", "IN\x00BOX"])
def test_folder_names_cannot_hold_a_command(hostile: str) -> None:
    with pytest.raises(ValueError, match="folder"):
        ImapSettings("support", "mail.example.org", "ann", "secret", folder=hostile)
    with pytest.raises(ValueError, match="archive_folder"):
        ImapSettings("support", "mail.example.org", "ann", "secret", archive_folder=hostile)


def test_a_secret_from_a_file_may_end_with_a_line_break() -> None:
    assert (reveal("hunter2\n"), reveal(lambda: "hunter2\r\n"), reveal(" hunter2 ")) == (
        "hunter2",
        "hunter2",
        " hunter2 ",
    )
