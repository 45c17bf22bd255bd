"""Where the commands of one mail have brought the ticket so far: each order takes a course and gives the next."""

from __future__ import annotations

from dataclasses import dataclass, replace

from mailbot.desk.commands import Command
from mailbot.desk.deadline import Arm, DeadlineKind
from mailbot.desk.decision import Release
from mailbot.desk.event import SpecialistCommanded
from mailbot.desk.outgoing import Outgoing, Receipt
from mailbot.desk.policy import Policy
from mailbot.desk.remarks import RefusalCode, Remark, ResultCode
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import Entry, Ticket


@dataclass(frozen=True, slots=True)
class Course:
    """Where the commands of one mail have brought the ticket so far."""

    event: SpecialistCommanded
    situation: Situation
    policy: Policy
    ticket: Ticket
    outgoing: tuple[Outgoing, ...] = ()
    entries: tuple[Entry, ...] = ()
    arms: tuple[Arm, ...] = ()
    cancels: tuple[DeadlineKind, ...] = ()
    cancel_mails: tuple[int, ...] = ()
    releases: tuple[Release, ...] = ()
    receipt: tuple[Receipt, ...] = ()
    relay_arms: Arm | None = None  # a clock that waits for the words below
    asks_to_confirm: bool = False  # the words below travel in the request to confirm

    @property
    def refused(self) -> bool:
        """Whether any command so far could not be obeyed."""
        return any(not line.done for line in self.receipt)

    def done(self, command: Command, result: ResultCode, value: str = "") -> Course:
        """The course with this command obeyed."""
        return replace(self, receipt=(*self.receipt, Receipt(command.line, Remark(result, value), done=True)))

    def refuse(self, command: Command, why: Remark) -> Course:
        """The course with this command refused."""
        return replace(self, receipt=(*self.receipt, Receipt(command.line, why, done=False)))

    def refuse_in_state(self, command: Command) -> Course:
        """The course with this command refused, because the ticket's state does not allow it."""
        return self.refuse(command, Remark(RefusalCode.WRONG_STATE, self.ticket.state.value))
