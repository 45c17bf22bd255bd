"""A postman over SMTP (RFC 5321)."""

from dataclasses import dataclass, field

from mailbot.transport.security import Auth, Secret, Security, refuse_plaintext


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """Which server takes the desk's mail and how to log in; without a user it is not asked to."""

    host: str
    port: int = 465
    security: Security = Security.TLS
    user: str | None = None
    password: Secret = field(default="", repr=False)
    auth: Auth = Auth.PASSWORD
    local_hostname: str | None = None
    ca_file: str | None = None
    connect_timeout_seconds: float = 30
    command_timeout_seconds: float = 300
    data_timeout_seconds: float = 600

    def __post_init__(self) -> None:
        refuse_plaintext(self.host, self.security)
