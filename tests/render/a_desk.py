"""A desk to write mails for: its policy, its keys, and the renderer with the templates that ship."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

from mailbot.desk.outgoing import Outgoing
from mailbot.desk.policy import Group, Identity, Policy, ServiceLevels, Target
from mailbot.mail.keyring import Key, Keyring
from mailbot.render.mails import Rendered, Renderer
from mailbot.render.samples import SAMPLE_NOW
from mailbot.render.templates import Templates
from mailbot.triage.assessment import Priority
from mailbot.triage.policy import TriagePolicy

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
KEYRING = Keyring((Key("k", bytes(range(32))), Key("j", bytes(range(32, 64)))))
RENDERER = Renderer(Templates.load(TEMPLATES))
LANGUAGES = ("en", "de")
REQUESTER = "mara@staff.example.org"
SPECIALIST = "ann@staff.example.org"


class RoundTheClock:
    """A calendar in which every hour is a business hour."""

    def add(self, start: datetime, business: timedelta, /) -> datetime:
        return start + business


POLICY = Policy(
    identity=Identity(
        name="IT Support",
        address="support@example.org",
        organisation="Example Works",
        instance="example-desk",
        domain="example.org",
        aliases=("it@example.org",),
        languages=LANGUAGES,
        timezone="Europe/Berlin",
        phone="+49 30 555 0100",
    ),
    admins=("root@example.org",),
    groups={
        "printers": Group(
            "printers",
            "Printers and copiers",
            (SPECIALIST, "bo@staff.example.org"),
            "duty@staff.example.org",
            list_address="printers@lists.example.org",
            lead="lead@staff.example.org",
        ),
        "network": Group("network", "Network", ("nils@staff.example.org",), "duty@staff.example.org"),
    },
    triage=TriagePolicy({}, (), {}, {}, "printers"),
    levels=ServiceLevels(
        RoundTheClock(), {priority: Target(timedelta(hours=4), timedelta(days=2)) for priority in Priority}
    ),
)


def render(
    outgoing: Outgoing,
    *,
    policy: Policy = POLICY,
    outbox_id: int = 7,
    chain: Sequence[str] = (),
    now: datetime = SAMPLE_NOW,
    attachments: Mapping[str, bytes] | None = None,
) -> Rendered:
    """The mail as the daemon would write it."""
    return RENDERER.render(outgoing, policy, KEYRING, outbox_id, chain, now, attachments or {})


def with_view(outgoing: Outgoing, **values: object) -> Outgoing:
    """The same mail with other values in its view."""
    return replace(outgoing, view=replace(outgoing.view, **values))  # type: ignore[arg-type]  # any view, any field
