"""Where many stories begin: a ticket on its way, and everybody has read their mail so far."""

from __future__ import annotations

from tests.conversations.letters import Letter
from tests.conversations.people import Correspondent, Thread


def handed_over(requester: Correspondent, specialist: Correspondent) -> Thread:
    """An incident that lies with the network team."""
    thread = requester.writes("VPN is down", "The tunnel does not work any more since this morning. I am in room 12.")
    requester.gets("acknowledgement")
    specialist.gets("hand_over")
    return thread


def in_progress(requester: Correspondent, specialist: Correspondent) -> Thread:
    """The specialist has answered once."""
    thread = handed_over(requester, specialist)
    specialist.replies("Please restart the client and try once more.")
    requester.gets("relay_to_requester")
    specialist.gets("note_to_group")
    return thread


def resolved(requester: Correspondent, specialist: Correspondent) -> tuple[Thread, Letter]:
    """The requester is asked to confirm."""
    thread = in_progress(requester, specialist)
    specialist.replies("#resolve\nThe gateway had a full disk. It works again.")
    specialist.gets("receipt")
    return thread, requester.gets("request_to_confirm")


def closed(requester: Correspondent, specialist: Correspondent) -> tuple[Thread, Letter]:
    """The requester has confirmed."""
    thread, question = resolved(requester, specialist)
    requester.replies("Yes, it works. Thank you!")
    requester.gets("closed")
    specialist.gets("note_to_group")
    return thread, question


def answered(requester: Correspondent) -> tuple[Thread, Letter]:
    """The FAQ has answered a question."""
    thread = requester.writes("Guest wifi", "How do visitors get onto the guest wifi?")
    return thread, requester.gets("faq_answer")


def waiting(requester: Correspondent, specialist: Correspondent) -> Thread:
    """The specialist has asked the requester something."""
    thread = in_progress(requester, specialist)
    specialist.replies("#wait requester\nWhich version of the client do you use?")
    specialist.gets("receipt")
    requester.gets("relay_to_requester")
    return thread
