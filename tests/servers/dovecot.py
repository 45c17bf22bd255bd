"""Dovecot: IMAP (plain, STARTTLS, TLS), LMTP with plus-addresses, quota, XOAUTH2, and SASL for Postfix.

Every address at box.test and small.test (where 30 KB are the quota) has a mailbox and PASSWORD, so that each test takes
a fresh one from `new_address`. Named users and other settings come with a Dovecot of one's own, which costs 0.1 s.
"""

import functools
import grp
import itertools
import smtplib
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.servers.bench import is_installed, needs
from tests.servers.certificates import Authority, Certificate
from tests.servers.oauth import OAuth
from tests.servers.process import LOOPBACK, USER, Server, free_port, listens, run

PASSWORD = 'pass "word\\ of the bench'
BOXES, SMALL_BOXES = "box.test", "small.test"

_CONFIG = """
base_dir = {folder}/run
state_dir = {folder}/state
log_path = {folder}/log
protocols = imap lmtp
listen = {host}
default_internal_user = {user}
default_internal_group = {group}
default_login_user = {user}
# 0 is what Dovecot always refuses
first_valid_uid = 1
shutdown_clients = yes
ssl = yes
ssl_cert = <{certificate.chain}
ssl_key = <{certificate.key}
disable_plaintext_auth = no
auth_mechanisms = plain login xoauth2 oauthbearer
auth_failure_delay = 0
auth_username_format = %Lu
mail_location = maildir:~/Maildir
mail_fsync = never
mail_plugins = $mail_plugins quota
mail_max_userip_connections = {connections}
recipient_delimiter = +
lmtp_rcpt_check_quota = yes
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox Archive {{
    auto = create
  }}
}}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users
}}
passdb {{
  driver = passwd-file
  args = username_format=%Ld {folder}/domains
}}
userdb {{
  driver = passwd-file
  args = username_format=%Lu {folder}/users
  default_fields = uid={user} gid={group} home={folder}/mail/%Lu
}}
userdb {{
  driver = passwd-file
  args = username_format=%Ld {folder}/domains
  default_fields = uid={user} gid={group} home={folder}/mail/%Lu
}}
plugin {{
  quota = maildir:User quota
  quota_grace = 0
}}
protocol imap {{
  mail_plugins = $mail_plugins imap_quota
}}
# An empty chroot is what lets it run without root.
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    port = {lmtp_port}
  }}
}}
service auth {{
  inet_listener sasl {{
    port = {sasl_port}
  }}
}}
# Otherwise the second wrong password from an address takes five seconds.
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
{more}
"""
_OAUTH_CONFIG = """
introspection_url = {url}/introspect
introspection_mode = post
username_attribute = email
active_attribute = active
active_value = true
client_id = dovecot
client_secret = secret
timeout_msecs = 500
"""
_numbers = itertools.count(1)


class Dovecot(Server):
    """One server; `users` are named accounts beside the domains above, `more` is further configuration."""

    name = "dovecot"
    leaves_nothing = True

    def __init__(
        self,
        certificate: Certificate,
        oauth: OAuth | None = None,
        users: Mapping[str, str] | None = None,
        *,
        separator: str = "/",
        prefix: str = "",
        connections: int = 100,
        more: str = "",
    ) -> None:
        super().__init__()
        self.imap_port, self.imaps_port, self.lmtp_port, self.sasl_port = (free_port() for _ in range(4))
        self._write("oauth2.conf", _OAUTH_CONFIG.format(url=oauth.url if oauth else f"http://{LOOPBACK}:1"))
        self._write("users", "".join(f"{user}:{{PLAIN}}{password}::::::\n" for user, password in (users or {}).items()))
        domains = f"{BOXES}:{{PLAIN}}{PASSWORD}::::::\n{SMALL_BOXES}:{{PLAIN}}{PASSWORD}::::::"
        self._write("domains", f"{domains}userdb_quota_rule=*:bytes=30000\n")
        values = {name: getattr(self, name) for name in ("folder", "imap_port", "imaps_port", "lmtp_port", "sasl_port")}
        self.config = self._write(
            "dovecot.conf",
            _CONFIG.format(
                **values,
                host=LOOPBACK,
                user=USER.pw_name,
                group=_group(),
                certificate=certificate,
                separator=separator,
                prefix=prefix,
                connections=connections,
                more=more,
            ),
        )
        self.give_to_user(self.folder)

    def command(self) -> Sequence[str | Path]:
        return ["dovecot", "-F", "-c", self.config]

    def answers(self) -> bool:
        return listens(self.imap_port) and listens(self.lmtp_port)

    def new_address(self, domain: str = BOXES) -> str:
        """An address whose mailbox nobody has used yet."""
        return f"box{next(_numbers)}@{domain}"

    def deliver(self, address: str, *mails: bytes, sender: str = "ann@client.test") -> None:
        """Bring mails by LMTP, as the MTA does; raises smtplib's refusals."""
        with smtplib.LMTP(LOOPBACK, self.lmtp_port) as lmtp:
            for raw in mails:
                lmtp.sendmail(sender, [address], raw)

    def maildir(self, address: str) -> Path:
        """Where the mail of an address lies."""
        return self.folder / "mail" / address.lower() / "Maildir"

    def fill(self, address: str, mails: Mapping[str, bytes]) -> None:
        """Lay many mails into a mailbox at once, as a restore does; keys are the names of the files."""
        box = self.maildir(address)
        for folder in (box.parent.parent, box.parent, box, box / "tmp", box / "new", box / "cur"):
            folder.mkdir(parents=True, exist_ok=True)
            self.give_to_user(folder)
        for name, raw in mails.items():
            (box / "new" / name).write_bytes(raw)
            self.give_to_user(box / "new" / name)

    def kick(self, address: str) -> None:
        """Close the connections of a user, as before a restart or a move to another server."""
        self.doveadm("kick", address)

    def reset_uidvalidity(self, address: str) -> None:
        """Lose the index of a mailbox, as in a restore or a migration: new UIDVALIDITY, UIDs from 1."""
        for pattern in ("dovecot-uidlist*", "dovecot.index*", "dovecot-uidvalidity*"):
            for path in self.maildir(address).glob(pattern):
                path.unlink()
        self.doveadm("mailbox", "update", "-u", address, "--uid-validity", "4711", "INBOX")

    def doveadm(self, *words: str) -> str:
        """The output of Dovecot's administration tool."""
        return run(["doveadm", "-c", self.config, *words])

    def _write(self, name: str, content: str) -> Path:
        path = self.folder / name
        path.write_text(content)
        self.give_to_user(path)
        return path


def _group() -> str:
    return grp.getgrgid(USER.pw_gid).gr_name


@functools.cache
def _is_here() -> bool:
    return bool(is_installed("dovecot") and Path("/usr/lib/dovecot/lmtp").exists() and USER.pw_uid != 0)


def need_dovecot() -> None:
    """Skip, or fail in CI, where Dovecot cannot run."""
    needs("dovecot", present=_is_here())


@pytest.fixture(scope="session")
def dovecot(authority: Authority, oauth: OAuth) -> Iterator[Dovecot]:
    """The IMAP server of the session; tests that break or configure it bring their own."""
    need_dovecot()
    with Dovecot(authority.issue(), oauth) as server:
        yield server


@pytest.fixture
def address(dovecot: Dovecot) -> str:
    """An empty mailbox for one test."""
    return dovecot.new_address()
