"""An incident from the first mail to the confirmation, told as the people concerned see it."""

from __future__ import annotations

from tests.conversations.people import Correspondent


def test_an_incident_is_handed_over_solved_and_confirmed(requester: Correspondent, specialist: Correspondent) -> None:
    thread = requester.writes("VPN is down", "The tunnel does not work any more since this morning. I am in room 12.")
    receipt = requester.gets("acknowledgement")
    assert receipt.says("VPN and remote access")
    assert specialist.gets("hand_over").says("The tunnel does not work any more", "Ann Archer")
    assert thread.state == "assigned"

    specialist.replies("Please restart the client and try once more.")
    assert requester.gets("relay_to_requester").says("Please restart the client")
    assert specialist.gets("note_to_group").says("Sam Sato")  # the list learns who has it
    assert thread.state == "in_progress"

    requester.replies("I did, but it closes again.")
    specialist.gets("relay_to_group")

    specialist.replies("#resolve\nThe gateway had a full disk. It works again.")
    question = requester.gets("request_to_confirm")
    assert question.says("The gateway had a full disk")
    assert thread.state == "resolved"

    requester.replies("Yes, it works. Thank you!", to=question)
    requester.gets("closed")
    assert thread.state == "closed"
