"""Postfix: relay, submission with STARTTLS, SMTPS, AUTH by Dovecot, real DSNs, outcomes by transport map.

| mail for | goes |
|---|---|
| box.test, small.test | by LMTP into Dovecot, with its plus-address in Delivered-To |
| demo.test, client.test | to the sink |
| hard.test, later.test | nowhere: 5.1.1 and a DSN, or deferred (the server accepts both) |
| lists.test | to mlmmj |
| anywhere else | is bounced |
"""

import contextlib
import functools
import os
import shutil
import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from tests.servers.bench import needs
from tests.servers.certificates import Authority, Certificate
from tests.servers.dovecot import BOXES, SMALL_BOXES, Dovecot
from tests.servers.mlmmj import MailingLists
from tests.servers.policy import Policy
from tests.servers.process import LOOPBACK, Server, free_port, listens, run
from tests.servers.sinks import Sink

DAEMONS = Path("/usr/lib/postfix/sbin")
_PRIVATE_FOLDERS = (
    "active",
    "bounce",
    "corrupt",
    "defer",
    "deferred",
    "flush",
    "hold",
    "incoming",
    "private",
    "saved",
    "trace",
)

_MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/spool
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
maillog_file = {folder}/log
maillog_file_prefixes = /var, /dev/stdout, {folder}
multi_instance_name =
inet_interfaces = {host}
inet_protocols = ipv4
myhostname = mx.bot.test
mydomain = bot.test
mydestination =
mynetworks = 127.0.0.0/8
local_transport = error:no mail for users of this machine
local_recipient_maps =
alias_maps =
alias_database =
# Never out of this machine, not even to ask a name server.
disable_dns_lookups = yes
smtp_dns_support_level = disabled
smtp_host_lookup = native
lmtp_host_lookup = native
smtpd_peername_lookup = no
default_transport = error:5.1.2 no such domain on the bench
transport_maps = texthash:{folder}/conf/transport
recipient_delimiter = +
propagate_unmatched_extensions = virtual
virtual_mailbox_domains = {domains}
virtual_mailbox_maps = static:all
virtual_transport = lmtp:inet:{host}:{lmtp_port}
# More than one recipient in a transaction, and Dovecot writes no Delivered-To.
virtual_destination_recipient_limit = 1
lmtp_destination_recipient_limit = 1
relay_domains = lists.test
mlmmj_destination_recipient_limit = 1
# A mail passes as it is written: no Date, no Message-ID is added.
local_header_rewrite_clients =
smtpd_tls_cert_file = {certificate.chain}
smtpd_tls_key_file = {certificate.key}
smtpd_tls_security_level = may
smtpd_sasl_type = dovecot
smtpd_sasl_path = inet:{host}:{sasl_port}
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = check_policy_service inet:{host}:{policy_port}
smtpd_end_of_data_restrictions = check_policy_service inet:{host}:{policy_port}
# What cannot be delivered is found out later, and comes back as a DSN.
smtpd_reject_unlisted_recipient = no
message_size_limit = 1000000
virtual_mailbox_limit = 0
mailbox_size_limit = 0
minimal_backoff_time = 1s
maximal_backoff_time = 2s
queue_run_delay = 1s
smtpd_error_sleep_time = 0
smtpd_hard_error_limit = 100
in_flow_delay = 0
notify_classes =
"""
_MASTER = """
{host}:{port} inet n - n - - smtpd
{host}:{submission_port} inet n - n - - smtpd
  -o smtpd_tls_security_level=encrypt -o smtpd_sasl_auth_enable=yes
  -o mynetworks= -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
{host}:{smtps_port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
  -o mynetworks= -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
{host}:{old_port} inet n - n - - smtpd
  -o smtpd_discard_ehlo_keywords=8bitmime,smtputf8,size,starttls -o smtputf8_enable=no
{host}:{strict_port} inet n - n - - smtpd
  -o smtpd_hard_error_limit=2 -o smtpd_timeout=1s -o message_size_limit=2000
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
pickup unix n - n 60 1 pickup
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
showq unix n - n - - showq
smtp unix - - n - - smtp
relay unix - - n - - smtp
lmtp unix - - n - - lmtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
{lists}
"""


class Postfix(Server):
    """One server; `transports` are added to the table above, `settings` go over those of main.cf."""

    name = "postfix"
    as_user = False

    def __init__(
        self,
        certificate: Certificate,
        dovecot: Dovecot,
        policy: Policy,
        sink: Sink,
        lists: MailingLists | None = None,
        *,
        domains: Sequence[str] = (),
        transports: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__()
        self.port, self.submission_port, self.smtps_port, self.old_port, self.strict_port = (
            free_port() for _ in range(5)
        )
        self.lists = lists
        self.transports = {
            "demo.test": f"smtp:[{LOOPBACK}]:{sink.port}",
            "client.test": f"smtp:[{LOOPBACK}]:{sink.port}",
            "hard.test": "error:5.1.1 User unknown",
            "later.test": "retry:4.2.1 Come back later",
            **({"lists.test": "mlmmj:"} if lists else {}),
            **(transports or {}),
        }
        self.config = self.folder / "conf"
        self._make_folders()
        places = {"folder": self.folder, "daemons": DAEMONS, "host": LOOPBACK, "certificate": certificate}
        ports = {"lmtp_port": dovecot.lmtp_port, "sasl_port": dovecot.sasl_port, "policy_port": policy.port}
        main = _MAIN.format(**places, **ports, domains=" ".join((BOXES, SMALL_BOXES, *domains)))
        main += "".join(f"{name} = {value}\n" for name, value in (settings or {}).items())
        (self.config / "main.cf").write_text(main)
        own = {name: value for name, value in vars(self).items() if name.endswith("port")}
        master = _MASTER.format(host=LOOPBACK, **own, lists=lists.service() if lists else "")
        (self.config / "master.cf").write_text(master)

    def command(self) -> Sequence[str | Path]:
        # Not `postfix start-fg`: that is a shell, and ending it leaves its server behind. Master, though, loses its
        # leash when it changes users; so a shell of our own holds it.
        master = f"{DAEMONS}/master -c {self.config} -s"
        return ["sh", "-c", f"trap 'kill $pid' TERM; {master} & pid=$!; wait $pid; wait $pid"]

    def answers(self) -> bool:
        return listens(self.port) and listens(self.submission_port)

    def start(self) -> None:
        """Write the tables and run the server."""
        self.write_transports()
        super().start()
        if self.lists:
            self.lists.send_through(self.port)

    def kill(self) -> None:
        """Pull the plug: the server is no child of ours, but one of the shell, in a session that it has made."""
        with contextlib.suppress(OSError, ValueError):
            os.killpg(int((self.folder / "spool/pid/master.pid").read_text()), signal.SIGKILL)
        super().kill()

    def write_transports(self) -> None:
        """Put `transports` into force; a running server needs `reload` after it."""
        table = "".join(f"{domain} {transport}\n" for domain, transport in self.transports.items())
        (self.config / "transport").write_text(table)
        # Postfix waits for files that were written within the last seconds.
        for path in self.config.iterdir():
            os.utime(path, (time.time() - 60,) * 2)

    def reload(self) -> None:
        """Make the server read its tables again."""
        self.tool("postfix", "reload")

    def flush(self) -> None:
        """Try everything that waits, now."""
        self.tool("postqueue", "-f")

    def queue(self) -> list[str]:
        """The names of the files of mails that wait or are on their way."""
        folders = ("incoming", "active", "deferred", "maildrop")
        return [path.name for folder in folders for path in (self.folder / "spool" / folder).rglob("*")]

    def tool(self, *words: str) -> str:
        """The output of one of Postfix's programs."""
        return run([words[0], "-c", self.config, *words[1:]], as_user=False)

    def _make_folders(self) -> None:
        spool = self.folder / "spool"
        for folder in (self.config, self.folder / "data", spool, spool / "pid"):
            folder.mkdir()
        shutil.chown(self.folder / "data", "postfix", "postfix")
        for name in _PRIVATE_FOLDERS:
            (spool / name).mkdir(mode=0o700)
            shutil.chown(spool / name, "postfix", "root")
        for name, mode in (("maildrop", 0o1730), ("public", 0o2710)):
            (spool / name).mkdir()
            shutil.chown(spool / name, "postfix", "postdrop")
            (spool / name).chmod(mode)


@functools.cache
def _is_here() -> bool:
    return (DAEMONS / "master").exists()


def need_postfix() -> None:
    """Skip, or fail in CI, where Postfix cannot run."""
    needs("postfix", present=_is_here(), root=True)


@pytest.fixture(scope="session")
def postfix(
    authority: Authority, dovecot: Dovecot, policy: Policy, sink: Sink, lists: MailingLists | None
) -> Iterator[Postfix]:
    """The MTA of the session; tests that break or configure it bring their own."""
    need_postfix()
    with Postfix(authority.issue(), dovecot, policy, sink, lists) as server:
        yield server
