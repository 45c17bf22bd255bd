"""A day of the service under a real systemd, hardened as it is shipped: one machine, because it takes half a minute."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailbot.demo.servers import DemoServers
from tests.servers.bench import IN_CI
from tests.systemd.machine import Machine, NotBooted, what_lacks, why_not

SUPPORT, REQUESTER = "support@corp.example", "dilip.rao@corp.example"

MAIN = """
[identity]
name = "IT Support"
address = "support@corp.example"
organisation = "Example Ltd"
own_domains = ["corp.example"]
languages = ["en", "de"]

[admins]
addresses = ["mail-admins@corp.example"]

[[mailboxes]]
account = "support"
host = "127.0.0.1"
port = {imap_port}
user = "support@corp.example"
password = {{ credential = "imap" }}
security = "none"
since = "everything"

[smtp]
host = "127.0.0.1"
port = {smtp_port}
user = "support@corp.example"
password = {{ credential = "smtp" }}
security = "none"

[database]
state_folder = "/var/lib/mailbot"

[intervals]
mailbox_poll_seconds = 1
delivery_poll_seconds = 0.2
"""
# What an admin adds (systemctl edit mailbot), and a watchdog and pauses for people who wait for a test.
DROP_IN = """
[Service]
LoadCredential=imap:/etc/mailbot/imap-password
LoadCredential=smtp:/etc/mailbot/smtp-password
WatchdogSec=4s
TimeoutAbortSec=1s
RestartSec=100ms
"""
LETTER = f"""\
From: Dilip Rao <{REQUESTER}>
To: {SUPPORT}
Subject: VPN drops
Date: Mon, 02 Mar 2026 09:00:00 +0000
Message-ID: <first@corp.example>

The tunnel does not work since this morning.
"""


@pytest.fixture
def servers() -> Iterator[DemoServers]:
    with DemoServers() as running:
        yield running


@pytest.fixture
def machine(servers: DemoServers, tmp_path: Path) -> Iterator[Machine]:
    if reason := why_not():
        pytest.skip(reason=reason)
    if package := what_lacks():
        assert not IN_CI, f"needs {package}: make servers"
        pytest.skip(reason=f"needs {package}: make servers")
    files = {
        "/etc/mailbot/mailbot.toml": MAIN.format(imap_port=servers.imap_port, smtp_port=servers.smtp_port),
        "/etc/mailbot/imap-password": f"{servers.password}\n",
        "/etc/mailbot/smtp-password": f"{servers.password}\n",
        "/etc/systemd/system/mailbot.service.d/own.conf": DROP_IN,
    }
    try:
        with Machine(tmp_path, files) as booted:
            yield booted
    except NotBooted as failure:
        if IN_CI:
            raise
        pytest.skip(reason=f"no container can be booted here: {failure}")


@pytest.mark.nspawn
def test_it_starts_works_reloads_survives_a_hang_and_stops(machine: Machine, servers: DemoServers) -> None:
    machine.does("systemctl start mailbot")
    it_is_ready_with_its_credentials_and_a_folder_of_its_own(machine)
    servers.deliver(SUPPORT, LETTER.replace("\n", "\r\n").encode(), REQUESTER)
    wait_for(lambda: bool(servers.received(REQUESTER)), machine)  # parsed in a child, decided, rendered, sent
    it_is_examined_by_root_beside_the_service(machine)
    it_reloads(machine)
    it_is_restarted_when_it_hangs(machine)
    it_stops_in_time(machine)


def it_is_ready_with_its_credentials_and_a_folder_of_its_own(machine: Machine) -> None:
    assert machine.shows("ActiveState") == "active"
    assert machine.shows("StatusText") == "working"  # the login with the password of the credential succeeded
    assert machine.does("stat --format=%a /var/lib/private/mailbot/mailbot.sqlite3") == "600"
    owner = machine.does("stat --format=%u /var/lib/private/mailbot/mailbot.sqlite3")
    assert 61184 <= int(owner) <= 65519, "a user that exists only while the service runs"
    process = f"/proc/{machine.shows('MainPID')}/status"
    assert machine.does(f"grep -E '^(CapEff|CapBnd|NoNewPrivs|Seccomp):' {process} | tr -s '\\t\\n' ' '").split() == [
        "CapEff:", "0000000000000000", "CapBnd:", "0000000000000000", "NoNewPrivs:", "1", "Seccomp:", "2"
    ]  # fmt: skip
    with pytest.raises(AssertionError, match="Permission denied"):
        machine.does("setpriv --reuid=nobody --regid=nogroup --clear-groups cat /etc/mailbot/imap-password")


def it_is_examined_by_root_beside_the_service(machine: Machine) -> None:
    mailbot = "cd / && CREDENTIALS_DIRECTORY=/run/credentials/mailbot.service /opt/mailbot/bin/mailbot"
    told = [json.loads(line) for line in machine.does(f"{mailbot} --json doctor").splitlines()]
    assert {(line["where"], line["what"]) for line in told if line["state"] == "ok"} >= {
        ("mailbox support", "login"), ("smtp", "login"), ("probe", "plus-address"), ("daemon", "process"),
        ("keys", "live"),
    }  # fmt: skip
    status = json.loads(
        machine.does("cd / && /opt/mailbot/bin/mailbot --json status || true")
    )  # 1: something needs you
    assert status["daemon_running"]
    assert machine.does("find /var/lib/private/mailbot -user root") == "", "what root did there the service can undo"


def it_reloads(machine: Machine) -> None:
    before = machine.shows("MainPID")
    machine.does("sed -i 's/^name = .*/name = \"Help Desk\"/' /etc/mailbot/mailbot.toml && systemctl reload mailbot")
    wait_for(lambda: "event=reloaded" in machine.journal(), machine)
    wait_for(lambda: machine.shows("ActiveState") == "active", machine)
    machine.does("echo nonsense >> /etc/mailbot/mailbot.toml && systemctl reload mailbot")
    wait_for(lambda: machine.shows("StatusText").startswith("degraded: last good configuration"), machine)
    machine.does("sed -i '$d' /etc/mailbot/mailbot.toml && systemctl reload mailbot")
    wait_for(lambda: machine.shows("StatusText") == "working", machine)
    assert machine.shows("MainPID") == before, "a reload is no restart"


def it_is_restarted_when_it_hangs(machine: Machine) -> None:
    before = machine.shows("MainPID")
    machine.does(f"kill -STOP {before}")
    wait_for(lambda: machine.shows("NRestarts") == "1", machine)
    wait_for(lambda: machine.shows("ActiveState") == "active", machine)
    assert machine.shows("MainPID") not in ("0", before)
    assert machine.shows("StatusText") == "working"


def it_stops_in_time(machine: Machine) -> None:
    began = time.monotonic()
    machine.does("systemctl stop mailbot")
    assert time.monotonic() - began < 30, "idle, it ends at once"
    assert machine.shows("Result") == "success"
    assert machine.journal().count("event=stopped") == 1


def wait_for(holds: Callable[[], bool], machine: Machine, timeout_seconds: float = 30.0) -> None:
    deadline = time.monotonic() + timeout_seconds
    while not holds():
        assert time.monotonic() < deadline, machine.journal()[-4000:]
        time.sleep(0.1)
