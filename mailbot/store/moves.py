"""Moves between states: every UPDATE of a state names the states it may come from, and the row count decides."""

from __future__ import annotations


class IllegalMove(Exception):
    """The row is not where the move would start: an assertion about ourselves, or somebody was faster."""


class ClaimLost(IllegalMove):
    """The lease ended and somebody else has claimed the row since: nothing may be done with the old claim."""


class Conflict(Exception):
    """Somebody saved the ticket first: read again, decide again."""
