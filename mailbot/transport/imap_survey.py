"""What an IMAP server offers, for people who set a mailbox up: asked once, over the connection of intake."""

import imaplib
from dataclasses import dataclass
from typing import Any

from imapclient import IMAPClient

from mailbot.transport.imap import STORED_KEYWORD, ImapSettings
from mailbot.transport.imap_folders import name_on_server
from mailbot.transport.imap_login import connect, hang_up, unavailable
from mailbot.transport.security import Protection, protection_of


@dataclass(frozen=True, slots=True)
class FolderSurvey:
    """A folder of a mailbox; `refused` is what the server said where it cannot be opened."""

    name: str
    messages: int = 0
    uid_next: int = 1
    keeps_keyword: bool = False
    refused: str = ""


@dataclass(frozen=True, slots=True)
class ImapSurvey:
    """What came of a visit; `archive` is None where none is configured."""

    protection: Protection
    capabilities: frozenset[str]
    folder: FolderSurvey
    archive: FolderSurvey | None


def survey_imap(settings: ImapSettings) -> ImapSurvey:
    """Connect, log in and look around, changing nothing; raises MailboxUnavailable."""
    client = connect(settings)
    try:
        with unavailable(f"{settings.host}:{settings.port}"):
            archive = settings.archive_folder
            found = ImapSurvey(
                protection=protection_of(client.socket()),
                capabilities=frozenset(one.decode("ascii", "replace").upper() for one in client.capabilities()),
                archive=None if archive is None else _look(client, archive),
                folder=_look(client, settings.folder),
            )
            client.logout()
            return found
    finally:
        hang_up(client)


def _look(client: IMAPClient, name: str) -> FolderSurvey:
    try:
        # Not read-only: to a reader a server names no flags that could be set.
        told: dict[bytes, Any] = dict(client.select_folder(name_on_server(client, name)))
    except imaplib.IMAP4.abort:
        raise
    except imaplib.IMAP4.error as refusal:
        return FolderSurvey(name, refused=str(refusal))
    allowed = told.get(b"PERMANENTFLAGS", ())
    return FolderSurvey(
        name,
        messages=int(told.get(b"EXISTS", 0)),
        uid_next=int(told.get(b"UIDNEXT", 1)),
        keeps_keyword=rb"\*" in allowed or STORED_KEYWORD in allowed,
    )
