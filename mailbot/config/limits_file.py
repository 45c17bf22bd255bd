"""The tables of `mailbot.toml` that are numbers: limits, delivery, tokens, FAQ, retention, intervals."""

from __future__ import annotations

from enum import StrEnum

from pydantic import Field

from mailbot.config.kinds import Table


class LimitsTable(Table):
    """[limits]"""

    address_per_hour: int = Field(3, ge=1, description="automatic mails to one address in an hour")
    address_per_day: int = Field(10, ge=1, description="automatic mails to one address in a day")
    domain_per_hour: int = Field(30, ge=1, description="automatic mails to one foreign domain in an hour")
    ticket_per_day: int = Field(5, ge=1, description="automatic mails on one ticket in a day")
    group_per_hour: int = Field(60, ge=1, description="mails to one group in an hour; more wait, except for P1")
    global_per_hour: int = Field(200, ge=1, description="automatic mails in an hour, all together")
    automatic_in_a_row: int = Field(2, ge=1, le=5, description="automatic mails without a human one in between")
    mute_days: int = Field(60, ge=1, description="how long a machine that answered us gets nothing automatic")
    backlog_hours: int = Field(48, ge=1, description="mail older than this counts as backlog")
    tickets_per_turn: int = Field(20, ge=1, description="more tickets than this from backlog wait for an admin")
    machine_fold_per_hour: int = Field(5, ge=1, description="more mails of one machine are folded into its ticket")
    message_bytes: int = Field(26_214_400, ge=65_536, description="larger messages are set aside")
    attachments_bytes: int = Field(10_485_760, ge=0, description="larger attachments stay behind, named")
    recipients: int = Field(10, ge=1, description="participants of a ticket that can be told")


class DeliveryTable(Table):
    """[delivery]"""

    hold_seconds: int = Field(30, ge=0, le=3600, description="how long a relay waits so that #undo can stop it")
    give_up_hours: int = Field(48, ge=1, description="how long delivery is tried")


class TokensTable(Table):
    """[tokens]"""

    lifetime_days: int = Field(400, ge=30, le=3650, description="how long an answer finds its ticket by itself")
    follow_days: int = Field(60, ge=1, description="answers later than this after closing open a new ticket")


class Mode(StrEnum):
    """What the desk does with an FAQ entry that fits."""

    SHADOW = "shadow"
    SUGGEST = "suggest"
    ANSWER = "answer"


class FaqTable(Table):
    """[faq]"""

    mode: Mode = Field(Mode.SUGGEST, description='"shadow" (log only), "suggest" (to specialists) or "answer"')
    threshold: float = Field(0.9, ge=0.5, le=1, description="confidence needed to answer by itself")
    margin: float = Field(0.05, ge=0, le=1, description="how far the second-best entry must be behind")


class RetentionTable(Table):
    """[retention]"""

    raw_days: int = Field(30, ge=1, description="how long mails are kept as they came")
    ticket_days: int = Field(1095, ge=30, description="how long closed tickets are kept")
    people_days: int = Field(400, ge=1, description="how long people who no longer write are remembered")


class IntervalsTable(Table):
    """[intervals]"""

    mailbox_poll_seconds: float = Field(60, ge=1, description="how often the mailbox is read, where nothing hints")
    delivery_poll_seconds: float = Field(5, gt=0, description="how often the outbox is looked at")
    deadline_poll_seconds: float = Field(30, gt=0, description="how often deadlines are looked at")
    config_poll_seconds: float = Field(10, gt=0, description="how often the files are looked at for changes")
