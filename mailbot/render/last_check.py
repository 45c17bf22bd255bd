"""The last look at the final bytes of a mail, by a second reading that trusts nothing the renderer believed."""

from __future__ import annotations

from collections.abc import Sequence

from mailbot.desk.outgoing import Outgoing
from mailbot.desk.policy import Policy
from mailbot.mail.keyring import Keyring
from mailbot.render.mails import Rendered


def check(
    rendered: Rendered,
    outgoing: Outgoing,
    policy: Policy,
    keyring: Keyring,
    notes: Sequence[str],
    *,
    other_chain: Sequence[str] = (),
) -> tuple[str, ...]:
    """Why this mail must not leave: () = it may. `notes` are the ticket's internal texts, `other_chain` the other side's ids."""
    raise NotImplementedError
