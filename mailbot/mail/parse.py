"""Any bytes -> `Mail` (RFC 5322, RFC 2045 ff.): never raises, never hangs; what was wrong stands in `Mail.defects`."""

from __future__ import annotations

from mailbot.mail.model import DEFAULT_LIMITS, NO_RECOGNITION, Limits, Mail, Recognition


def parse(raw: bytes, recognition: Recognition = NO_RECOGNITION, limits: Limits = DEFAULT_LIMITS) -> Mail:
    """The mail that `raw` holds, as far as the limits let it be read."""
    raise NotImplementedError
