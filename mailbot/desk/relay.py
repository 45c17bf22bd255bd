"""What of a mail goes to the other side: the new words, without history, private addresses and marks of the desk.

Towards the requester in doubt nothing leaves: the text is held and the specialist asked. History is what is proved to
be ours: a block that mailbot sent into the thread, whole, or below an attribution, or three lines and more of it. One
equal line proves nothing, for people repeat themselves. Towards specialists in doubt more is kept.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from mailbot.desk.attachments import choose_travelling, is_answered_mail
from mailbot.desk.policy import Policy
from mailbot.desk.remarks import HoldCode, Remark
from mailbot.desk.situation import Situation
from mailbot.desk.ticket import AttachmentRef, Visibility
from mailbot.mail.carriers import is_own_address
from mailbot.mail.doubts import Doubt
from mailbot.mail.model import Certainty, Mail, ascii_fold

_PROOF_LINES = 3
_PLACES_OF_A_LINE = 30  # that are followed up: "Kind regards" stands in every mail
_WHOLE_LINES = 2  # a whole mail of one line is not proof: "Done." is said twice in a life
_TELLING_CHARACTERS = 20  # shorter lines of a note stand in anybody's mail


@dataclass(frozen=True, slots=True)
class RelayText:
    """What the requester would receive; `hold` says why a person must look first (None: it may go)."""

    text: str
    hold: Remark | None = None


@dataclass(frozen=True, slots=True)
class Travelling:
    """Attachments that go along, and those that are too large: named in the mail, kept for fetching."""

    refs: tuple[AttachmentRef, ...] = ()
    too_large: tuple[AttachmentRef, ...] = ()

    @property
    def kept(self) -> tuple[AttachmentRef, ...]:
        """All of them: what is too large to travel stays with the ticket."""
        return (*self.refs, *self.too_large)

    @property
    def left_behind(self) -> tuple[str, ...]:
        """The names of those that are too large."""
        return tuple(ref.name for ref in self.too_large)


def relay_text(mail: Mail, situation: Situation, policy: Policy, words: str | None = None) -> RelayText:
    """What of a specialist's mail may go to the requester; `words` are those below a command block, else the reply."""
    said = mail.reply if words is None else words
    fresh = _without_signature(without_history(said, situation.sent_texts), mail.signature)
    text = _tidy(_without_addresses(_without_footer(fresh, policy), policy))
    return RelayText(text, _find_doubt(said, fresh, text, mail, situation))


def new_words(mail: Mail, situation: Situation) -> str:
    """The new words of a requester's mail, for the ticket and the specialists: in doubt more."""
    said = mail.reply.strip() or mail.text.strip()
    return _tidy(without_history(said, situation.sent_texts)) or said


def travelling(mail: Mail, situation: Situation, policy: Policy) -> Travelling:
    """Which attachments and inline images travel, and which are too large."""
    thread = (*mail.in_reply_to, *mail.references)
    new = tuple(one for one in mail.attachments if not is_answered_mail(one, thread))
    return Travelling(*choose_travelling(new, situation.logos, policy.limits.attachments_bytes))


def _find_doubt(said: str, fresh: str, text: str, mail: Mail, situation: Situation) -> Remark | None:
    if not said.strip():
        return Remark(HoldCode.NO_TEXT)
    if not text:
        return Remark(HoldCode.NOTHING_LEFT)
    if mail.certainty is Certainty.DOUBTFUL and not _is_settled(mail, situation.sent_texts):
        return Remark(HoldCode.DOUBTFUL_CUT, mail.certainty_reason)
    if _REFERENCE.search(fresh):
        return Remark(HoldCode.FOOTER_OF_OURS)
    lines = set(_lines(text))
    notes = (entry.text for entry in situation.entries if entry.visibility is Visibility.INTERNAL)
    if any(line in lines for note in notes for line in _lines(note) if len(line) >= _TELLING_CHARACTERS):
        return Remark(HoldCode.LINE_OF_A_NOTE)
    return None


def _is_settled(mail: Mail, sent_texts: Sequence[str]) -> bool:
    """Whether the doubt is only that nobody attributes the quoted lines, and all of them are ours by proof."""
    if mail.certainty_reason != Doubt.UNATTRIBUTED:
        return False
    ours = " ".join(line for text in sent_texts for line in _lines(text))
    quoted = "\n".join(line for line in mail.history.splitlines() if line.lstrip().startswith(">"))
    return all(line in ours for line in _lines(quoted))


# ---------------------------------------------------------------- history

_QUOTE_MARK = re.compile(r"^[\s>|]+")
_ATTRIBUTION = re.compile(
    r"(?=.{0,300}$)(?:"
    r".*(?:@|\d{4}|\d{1,2}:\d{2}).*:"  # On 24 November 2026 at 10:00 Ann wrote:
    r"|[-_]{2,} ?.{3,40} ?[-_]{2,}|_{10,}"  # ----- Original Message -----
    r"|(?:from|von|de|sent|gesendet|to|an|cc|date|datum|subject|betreff): .*"
    r")",
    re.IGNORECASE,
)


def without_history(text: str, sent_texts: Sequence[str]) -> str:
    """The text without the blocks that mailbot itself sent, and without the attribution above each."""
    lines = text.splitlines()
    places = [number for number, line in enumerate(lines) if _bare(line)]
    bare = [_bare(lines[number]) for number in places]
    sent = _Sent(sent_texts)
    gone: set[int] = set()
    start = 0
    while start < len(bare):
        is_quoted = lines[places[start]].lstrip().startswith(">")
        length = _proved_length(bare, start, sent, is_quoted=is_quoted)
        if length:
            first = _begin_of_attribution(bare, start)
            end = places[start + length] if start + length < len(places) else len(lines)
            gone.update(range(places[first], end))
        start += max(length, 1)
    return "\n".join(line for number, line in enumerate(lines) if number not in gone)


class _Sent:
    """The lines of all that mailbot sent, and where each of them stands."""

    def __init__(self, texts: Sequence[str]) -> None:
        self.places: dict[str, list[tuple[list[str], int]]] = {}
        for block in map(_lines, texts):
            for place, line in enumerate(block):
                found = self.places.setdefault(line, [])
                if len(found) < _PLACES_OF_A_LINE:
                    found.append((block, place))


def _proved_length(bare: Sequence[str], start: int, sent: _Sent, *, is_quoted: bool) -> int:
    """How many lines from `start` on are history by proof; a single one is if it carries a quote mark."""
    attributed = is_quoted or (start > 0 and _ATTRIBUTION.fullmatch(bare[start - 1]) is not None)
    longest = 0
    for block, place in sent.places.get(bare[start], ()):
        length = _common_length(bare, start, block, place)
        whole = length == len(block) >= _WHOLE_LINES
        if whole or attributed or length >= _PROOF_LINES:
            longest = max(longest, length)
    return longest


def _common_length(bare: Sequence[str], start: int, block: Sequence[str], place: int) -> int:
    length = 0
    while start + length < len(bare) and place + length < len(block) and bare[start + length] == block[place + length]:
        length += 1
    return length


def _begin_of_attribution(bare: Sequence[str], start: int) -> int:
    first = start
    while first > 0 and start - first < 6 and _ATTRIBUTION.fullmatch(bare[first - 1]):
        first -= 1
    return first


def _lines(text: str) -> list[str]:
    return [bare for line in text.splitlines() if (bare := _bare(line))]


def _bare(line: str) -> str:
    return " ".join(_QUOTE_MARK.sub("", line).split())


# ---------------------------------------------------------------- what stays behind

_ADDRESS = re.compile(r"(?:mailto:)?<?([A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)>?")
_REFERENCE = re.compile(r"\[ref:[a-z2-7]+:ref\]", re.IGNORECASE)
_RULER = re.compile(r"\s*(_{5,}|-{10,}|-- ?)\s*")
_LABEL = re.compile(r"[^.!?]{0,60}:?")


def _without_signature(text: str, signature: str) -> str:
    """The text without the writer's signature, should the cut have left it at the end."""
    lines, tail = text.rstrip().splitlines(), [line for line in signature.splitlines() if line.strip()]
    if tail and [line.strip() for line in lines[-len(tail) :]] == [line.strip() for line in tail]:
        lines = lines[: -len(tail)]
        if lines and _RULER.fullmatch(lines[-1]):
            lines.pop()
    return "\n".join(lines)


def _without_footer(text: str, policy: Policy) -> str:
    """The text without what a group's list appends below a ruler: its name, its address, how to leave."""
    lists = [group.list_address for group in policy.groups.values() if group.list_address]
    lines = text.splitlines()
    for number in range(len(lines) - 1, -1, -1):
        below = ascii_fold("\n".join(lines[number + 1 :]))
        if _RULER.fullmatch(lines[number]) and any(ascii_fold(address) in below for address in lists):
            return "\n".join(lines[:number])
    return text


def _without_addresses(text: str, policy: Policy) -> str:
    """The text with the desk's address for those of members, lists and tokens; a line that is only such a one goes."""
    private = {ascii_fold(address) for address in _list_private(policy) if address}
    kept = []
    for line in text.splitlines():
        rest = _REFERENCE.sub("", line)
        found = [match for match in _ADDRESS.finditer(rest) if _stays_behind(match[1], private, policy)]
        if found and _LABEL.fullmatch(_ADDRESS.sub("", rest).strip(" \t<>()|,;")) and _is_contact_line(rest):
            continue
        for match in reversed(found):
            rest = rest[: match.start()] + policy.identity.address + rest[match.end() :]
        if rest.strip() or not line.strip():
            kept.append(rest)
    return "\n".join(kept)


def _is_contact_line(line: str) -> bool:
    """Whether a line with an address is a card rather than a sentence: at most three words beside it."""
    return len(_ADDRESS.sub(" ", line).split()) <= 3


def _stays_behind(address: str, private: set[str], policy: Policy) -> bool:
    folded = ascii_fold(address).strip(".")
    is_token = is_own_address(folded, policy.identity.addresses) and "+" in folded
    return folded in private or is_token


def _list_private(policy: Policy) -> list[str]:
    groups = policy.groups.values()
    people = [address for group in groups for address in (*group.members, group.fallback, group.lead or "")]
    return [*people, *(group.list_address or "" for group in groups), *policy.admins]


def _tidy(text: str) -> str:
    lines = [line.rstrip() for line in text.splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")
