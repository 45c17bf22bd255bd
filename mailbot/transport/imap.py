"""A mailbox behind IMAP (RFC 9051, RFC 3501)."""

from dataclasses import dataclass, field

from mailbot.transport.security import Auth, Secret, Security, refuse_plaintext


@dataclass(frozen=True, slots=True)
class ImapSettings:
    """Where a mailbox is and how to log in."""

    account: str
    host: str
    user: str
    password: Secret = field(repr=False)
    port: int = 993
    security: Security = Security.TLS
    folder: str = "INBOX"
    archive_folder: str | None = None
    auth: Auth = Auth.PASSWORD
    ca_file: str | None = None
    connect_timeout_seconds: float = 15
    read_timeout_seconds: float = 60

    def __post_init__(self) -> None:
        refuse_plaintext(self.host, self.security)
