"""`mailbot demo`: servers, configuration, daemon and story, from nothing to the end in one call."""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from mailbot.app import App, build
from mailbot.config.load import load
from mailbot.config.locate import packaged
from mailbot.demo.correspondent import NothingCame
from mailbot.demo.servers import DemoServers
from mailbot.demo.settings import SUPPORT, write_settings
from mailbot.demo.story import ACTS
from mailbot.demo.view import View


def play(console: Console, *, serve: bool = False) -> int:
    """Play the story; returns 0, or 1 if a mail of the story did not come. With `serve` the desk keeps running."""
    view = View(console)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mailbot-demo-") as folder:
        lists = _lists()
        with DemoServers(lists=lists, observe=view.show_mail) as servers:
            desk = build(write_settings(Path(folder), servers))
            view.open(folder)
            with desk, _running(desk):
                try:
                    for act in ACTS:
                        view.open_act(act)
                        act.play(servers)
                except NothingCame as missing:
                    view.say(f"The story broke off: {missing}")
                    return 1
                finally:
                    _tell(desk, view)
                view.close(time.monotonic() - started)
                if serve:
                    _serve(servers, view)
    return 0


def _lists() -> dict[str, tuple[str, ...]]:
    """The mailing lists of the example's groups."""
    groups = load(packaged("config"), keys_needed=False).policy.groups.values()
    return {group.list_address: group.members for group in groups if group.list_address}


@contextmanager
def _running(desk: App) -> Iterator[None]:
    """The production daemon in a thread of its own."""
    stop = threading.Event()
    thread = threading.Thread(
        target=desk.run, kwargs={"stop": stop, "handle_signals": False}, name="mailbot", daemon=True
    )
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)


def _tell(desk: App, view: View) -> None:
    with desk.database.read() as work:
        numbers = sorted(ticket.number for ticket in work.tickets.find())
        histories = [history for number in numbers if (history := work.history(number))]
    view.show_histories(histories)


def _serve(servers: DemoServers, view: View) -> None:
    view.say("")
    view.say(f"The desk keeps running. Write to {SUPPORT} with any mail program (stop with Ctrl-C):")
    view.say(f"  IMAP  {servers.host} port {servers.imap_port}, no encryption")
    view.say(f"  SMTP  {servers.host} port {servers.smtp_port}, no encryption, with login")
    view.say("  user  any address, such as dilip.rao@corp.example or rosa.lopez@corp.example")
    view.say(f"  password  {servers.password}")
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        view.say("stopped")
