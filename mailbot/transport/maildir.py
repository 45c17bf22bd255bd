"""A mailbox that is a Maildir on disk."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class MaildirSettings:
    """Where the Maildir is; `index_path` keeps the UIDs (default: `mailbot-uids` inside the Maildir)."""

    account: str
    path: Path
    folder: str = "INBOX"
    archive_path: Path | None = None
    index_path: Path | None = None
