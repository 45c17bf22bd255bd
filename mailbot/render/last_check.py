"""The last look at the final bytes of a mail, by a second reading that trusts nothing the renderer believed.

A finding stops the mail (`stopped`) until an admin has looked. Towards the requester the check is strict on purpose: a
mail too few costs a click, a note too many cannot be taken back.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from email.message import Message
from email.utils import getaddresses

from mailbot.desk.outgoing import InternalView, Outgoing, OutgoingKind, PublicView
from mailbot.desk.policy import Policy
from mailbot.desk.ticket import Side
from mailbot.mail.carriers import is_own_address
from mailbot.mail.keyring import Keyring
from mailbot.mail.second_reading import decode_value, find_note, read_message, read_texts
from mailbot.render.envelope import ROLES
from mailbot.render.mails import Rendered
from mailbot.render.private import find_private
from mailbot.render.token_scan import Holder, find_foreign, hide_foreign
from mailbot.render.values import to_lines

REQUIRED = frozenset(
    {"from", "to", "reply-to", "subject", "date", "message-id", "mime-version", "content-type", "x-loop"}
)
ALLOWED = REQUIRED | {
    "in-reply-to",
    "references",
    "content-transfer-encoding",
    "auto-submitted",
    "x-auto-response-suppress",
}
LINE_BYTES = 998
_BARE = re.compile(rb"(?<!\r)\n|\r(?!\n)")
_RELAYS = (OutgoingKind.RELAY_TO_REQUESTER, OutgoingKind.RELAY_TO_GROUP)


def check(
    rendered: Rendered,
    outgoing: Outgoing,
    policy: Policy,
    keyring: Keyring,
    notes: Sequence[str],
    *,
    other_chain: Sequence[str] = (),
) -> tuple[str, ...]:
    """Why this mail must not leave: () = it may. `notes`: internal texts; `other_chain`: the other side's ids."""
    message = read_message(rendered.raw)
    texts = tuple(dict.fromkeys(text for text in read_texts(rendered.raw) if text))
    found = [
        *_check_bytes(rendered.raw),
        *_check_headers(message),
        *_check_addresses(message, rendered, outgoing, policy),
        *_check_tokens(texts, outgoing, keyring),
        *_check_thread(rendered, outgoing, other_chain),
        *_check_words(outgoing, texts, keyring),
    ]
    if outgoing.declared.side is Side.REQUESTER:
        found += _check_privacy(texts, outgoing, policy, notes)
    return tuple(dict.fromkeys(found))


def _check_bytes(raw: bytes) -> Iterator[str]:
    if _BARE.search(raw):
        yield "a bare CR or LF"
    if any(len(line) > LINE_BYTES for line in raw.split(b"\r\n")):
        yield f"a line of more than {LINE_BYTES} octets"
    if b"\x00" in raw or not raw.isascii():
        yield "a NUL or a letter outside of ASCII"


def _check_headers(message: Message[str, str]) -> Iterator[str]:
    counts = Counter(name.lower() for name in message.keys())  # noqa: SIM118  # a message is no mapping: iteration is by number
    for name in sorted(set(counts) - ALLOWED):
        yield f"a header that no mail of ours has: {name}"
    for name, count in sorted(counts.items()):
        if count > 1:
            yield f"the header {name} stands {count} times"
    for name in sorted(REQUIRED - set(counts)):
        yield f"the header {name} is missing"


def _check_addresses(
    message: Message[str, str], rendered: Rendered, outgoing: Outgoing, policy: Policy
) -> Iterator[str]:
    if _addresses(message, "to") != [outgoing.to] or rendered.recipient != outgoing.to:
        yield "the recipient is not the one of the row"
    if _addresses(message, "from") != [policy.identity.address]:
        yield "the sender is not the desk"
    own = policy.identity.addresses
    answers = _addresses(message, "reply-to")
    if len(answers) != 1 or not all(is_own_address(address, own) for address in answers):
        yield "answers would not come back to the desk"
    if not is_own_address(rendered.mail_from, own):
        yield "bounces would not come back to the desk"
    if str(message.get("message-id", "")).strip() != f"<{rendered.message_id}>":
        yield "the Message-ID is not the one of the row"


def _addresses(message: Message[str, str], name: str) -> list[str]:
    return [address for _, address in getaddresses([str(value) for value in message.get_all(name, [])])]


def _check_tokens(texts: Sequence[str], outgoing: Outgoing, keyring: Keyring) -> Iterator[str]:
    if any(find_foreign(text, _holder(outgoing), keyring) for text in texts):
        yield "a token of another role or recipient"


def _check_thread(rendered: Rendered, outgoing: Outgoing, other_chain: Sequence[str]) -> Iterator[str]:
    """Ids of the other side: nowhere towards a requester, towards others not in the header."""
    unfolded = re.sub(rb"\r\n[ \t]+", b" ", rendered.raw).lower()
    if outgoing.declared.side is not Side.REQUESTER:
        unfolded = unfolded.partition(b"\r\n\r\n")[0]
    if any(_stands_in(id_, unfolded) for id_ in other_chain if id_):
        yield "a Message-ID of the other side's thread"


def _stands_in(id_: str, lowered: bytes) -> bool:
    """Whether the whole id stands there: a short one may well be the end of somebody else's."""
    whole = re.escape(id_.lower().encode("utf-8", "replace"))
    return re.search(rb"(?<![\w.+=-])" + whole + rb"(?![\w.-])", lowered) is not None


def _check_words(outgoing: Outgoing, texts: Sequence[str], keyring: Keyring) -> Iterator[str]:
    """A relay must carry the words it was made for."""
    if outgoing.kind not in _RELAYS or not isinstance(outgoing.view, PublicView | InternalView):
        return
    words = hide_foreign(to_lines(outgoing.view.words), _holder(outgoing), keyring).split()
    if not words and (outgoing.kind is OutgoingKind.RELAY_TO_REQUESTER or not outgoing.attachments):
        yield "a relay without words"
    elif not any(" ".join(words) in " ".join(text.split()) for text in texts):
        yield "a relay that lost its words"


def _holder(outgoing: Outgoing) -> Holder:
    audience = f"group:{outgoing.group}" if outgoing.group else outgoing.to
    return Holder(ROLES[outgoing.declared.side], audience)


def _check_privacy(texts: Sequence[str], outgoing: Outgoing, policy: Policy, notes: Sequence[str]) -> list[str]:
    addresses = dict.fromkeys(address for text in texts for address in find_private(text, policy, outgoing.to))
    found = [f"an address of specialists: {address}" for address in addresses]
    if find_note((decode_value(text) for text in texts), notes):
        found.append("words of an internal note")
    return found
