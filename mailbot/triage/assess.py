"""Triage as a whole: rules, diagnosis, service, group, impact and urgency, priority, facts; each with its reason."""

from __future__ import annotations

from mailbot.triage.assessment import Assessment
from mailbot.triage.policy import Matter, TriagePolicy


def assess(matter: Matter, policy: TriagePolicy) -> Assessment:
    """What the mail is about and who should see it; total for any text."""
    raise NotImplementedError
