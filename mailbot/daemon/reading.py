"""What runs inside the parser's child process. It imports `mailbot.mail` and no other room of mailbot: the child that
reads hostile bytes holds no database, no password and no key.
"""

from __future__ import annotations

import resource
from collections.abc import Mapping
from dataclasses import dataclass

from mailbot.failpoints import Failpoint, reach
from mailbot.mail.dkim import DkimVerdict, verify, wanted_names
from mailbot.mail.model import Mail, Recognition
from mailbot.mail.parse import parse

CPU_SECONDS = 10
ADDRESS_SPACE_BYTES = 2 * 1024**3


@dataclass(frozen=True, slots=True)
class Reading:
    """A mail, the DNS names whose keys its signatures need, and how large the process has grown meanwhile."""

    mail: Mail
    dkim_names: tuple[str, ...] = ()
    peak_bytes: int = 0


def read(raw: bytes, recognition: Recognition) -> Reading:
    """The mail that these bytes hold."""
    reach(Failpoint.PARSING)
    return Reading(parse(raw, recognition), wanted_names(raw), _peak_bytes())


def read_limited(raw: bytes, recognition: Recognition) -> Reading:
    """The same, ended by the kernel when it takes too long."""
    _limit_cpu()
    return read(raw, recognition)


def verify_limited(raw: bytes, answers: Mapping[str, bytes | None], from_domain: str) -> DkimVerdict:
    """What the signatures prove, ended by the kernel when it takes too long."""
    _limit_cpu()
    return verify(raw, answers, from_domain)


def prepare_child() -> None:
    """Once a child: bound its memory, and leave no core file with somebody's mail in it."""
    for kind, limit in ((resource.RLIMIT_AS, ADDRESS_SPACE_BYTES), (resource.RLIMIT_CORE, 0)):
        _, hard = resource.getrlimit(kind)
        resource.setrlimit(kind, (limit if hard == resource.RLIM_INFINITY else min(limit, hard), hard))


def _limit_cpu() -> None:
    """Let this task use so many seconds beyond what the process has used so far (the limit counts the whole life)."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (int(usage.ru_utime + usage.ru_stime) + 1 + CPU_SECONDS, hard))


def _peak_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
