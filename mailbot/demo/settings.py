"""The demo's configuration: the example that travels with mailbot, with the servers of the demo instead of real ones.

What differs from the example: relays are not held back, the FAQ answers by itself, and the loops look often.
"""

from __future__ import annotations

import shutil
from pathlib import Path

from mailbot.config.keys import new_keys
from mailbot.config.locate import packaged
from mailbot.demo.servers import DemoServers

SUPPORT = "support@corp.example"

_MAIN = """
[identity]
name = "IT Support"
address = "{support}"
organisation = "Example Ltd"
own_domains = ["corp.example"]
languages = ["en", "de"]
phone = "+44 20 7946 0100"
signature = {{ en = "Your IT Support", de = "Ihr IT-Support" }}

[admins]
addresses = ["mail-admins@corp.example"]

[[mailboxes]]
account = "support"
host = "{host}"
port = {imap_port}
user = "{support}"
password = {{ file = "demo-password" }}
security = "none"
since = "everything"

[smtp]
host = "{host}"
port = {smtp_port}
user = "{support}"
password = {{ file = "demo-password" }}
security = "none"

[delivery]
hold_seconds = 0

[faq]
mode = "answer"

[limits]
address_per_hour = 30
address_per_day = 100
ticket_per_day = 30

[intervals]
mailbox_poll_seconds = 2
delivery_poll_seconds = 0.2
deadline_poll_seconds = 1
"""


def write_settings(folder: Path, servers: DemoServers) -> Path:
    """A complete configuration for these servers below `folder`, with keys of its own; returns its folder."""
    config = folder / "config"
    shutil.copytree(packaged("config"), config, ignore=shutil.ignore_patterns("keys.toml"))
    password = config / "demo-password"
    password.touch(mode=0o600)
    password.write_text(servers.password, encoding="utf-8")
    main = _MAIN.format(support=SUPPORT, host=servers.host, imap_port=servers.imap_port, smtp_port=servers.smtp_port)
    (config / "mailbot.toml").write_text(main, encoding="utf-8")
    new_keys(config)
    return config
