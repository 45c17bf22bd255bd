"""What mailing lists do to a mail (RFC 2369, RFC 2919): their headers, and From rewritten because of DMARC.

Mailman and others write "Ann via List <list@...>" into From and put the person into Reply-To or Cc; Google Groups into
X-Original-From. Undoing it gives a hint who the person is, never an identity.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from mailbot.mail.addresses import read_addresses
from mailbot.mail.headers import readable, split_message
from mailbot.mail.limits import Budget
from mailbot.mail.model import Address, Mail, Recognition, ascii_fold
from mailbot.mail.parts import Part

LIST_HEADERS = {"list-id", "list-post", "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-help",
                "list-owner", "list-archive", "mailing-list", "x-mailing-list", "x-mailman-version", "x-beenthere",
                "x-loop-list", "x-listname", "x-list-id", "precedence", "list-software",
                "x-google-group-id"}  # fmt: skip
_VIA = re.compile(r"(.{1,200}?)['\"]?\s+(?:via|über|par|von|door|vía)\s+\S.*", re.IGNORECASE | re.DOTALL)
# ann=example.org@groups.example and ann=40example.org@dmarc.example: the person's address, rewritten into a local part
_ENCODED = re.compile(r"([^=@\s]{1,64})=(?:40)?((?:[\w-]{1,63}\.){1,8}[A-Za-z]{2,63})")
_BRACKETED = re.compile(r"<([^<>\s]{1,255})>")

_ROLES = ("owner", "bounces", "bounce", "request", "admin")
_SOFTWARE = ("mailman", "mlmmj", "listserv")


def is_list_software(address: str, lists: Iterable[str]) -> bool:
    """Whether an address is one that the software of these lists (posting addresses) writes from."""
    local, _, domain = ascii_fold(address).partition("@")
    for one in lists:
        name, at, home = ascii_fold(one).partition("@")
        roles = (f"{name}{mark}{role}" for role in _ROLES for mark in "-+")
        if at and domain == home and (local in (*roles, f"{name}+bounces-help", *_SOFTWARE)):
            return True
    return False


def list_ids(mail: Mail) -> tuple[str, ...]:
    """The folded List-Ids of the lists that a mail came through."""
    found = []
    for value in (*mail.header_values("list-id"), *mail.header_values("x-list-id")):
        bracketed = _BRACKETED.search(value)
        found.append(ascii_fold(bracketed[1] if bracketed else value.strip()))
    return tuple(id_ for id_ in found if id_)


def list_addresses(mail: Mail) -> tuple[str, ...]:
    """The folded posting addresses of the lists that a mail came through."""
    found = [
        word.partition("mailto:")[2].partition("?")[0]
        for value in mail.header_values("list-post")
        for word in value.replace("<", " ").replace(">", " ").replace(",", " ").split()
    ]
    for name in ("x-beenthere", "x-mailing-list"):
        found += [address.address for value in mail.header_values(name) for address in read_addresses(value).addresses]
    return tuple(ascii_fold(address) for address in found if address)


def came_through(mail: Mail, lists: tuple[str, ...]) -> bool:
    """Whether every list that a mail came through is one of `lists` (List-Ids or addresses), and there was one."""
    known = {ascii_fold(one) for one in lists}
    known |= {one.replace("@", ".") for one in known}
    ids, addresses = list_ids(mail), list_addresses(mail)
    if ids:
        return all(id_ in known for id_ in ids)
    return bool(addresses) and all(address in known for address in addresses)


def drop_list_headers(mail: Mail, recognition: Recognition) -> Mail:
    """The mail as it was before the list that delivers the support address took it in hand."""
    if not recognition.arrives_through or not came_through(mail, recognition.arrives_through):
        return mail
    author = find_author(mail)
    headers = tuple((name, value) for name, value in mail.headers if name not in LIST_HEADERS)
    if author is None or author in mail.from_:
        return replace(mail, headers=headers)
    return replace(mail, headers=headers, from_=(author,), from_is_plain=False)


def find_author(mail: Mail, root: Part | None = None) -> Address | None:
    """The person who wrote: From, unless a list rewrote it or sends the mail on whole (`root`: the mail's parts)."""
    if not mail.from_:
        return None
    sender = mail.sender
    if root and (wrapped := _wrapped_author(mail, root)):
        return wrapped
    lists = (
        set(list_addresses(mail)) | {ascii_fold(a.address) for a in (*mail.to, *mail.cc)}
        if _through_list(mail)
        else set()
    )
    via = _VIA.fullmatch(sender.name)
    is_munged = bool(lists) and (
        ascii_fold(sender.address) in list_addresses(mail) or bool(via and _is_list_like(mail))
    )
    if not is_munged:
        return sender
    name = via[1].strip().strip("'\"") if via else sender.name
    for candidate in _candidates(mail):
        if ascii_fold(candidate.address) not in list_addresses(mail) and candidate.address != sender.address:
            return Address(candidate.name or name, candidate.address)
    if encoded := _ENCODED.fullmatch(sender.address.rpartition("@")[0]):
        return Address(name, f"{encoded[1]}@{encoded[2]}")
    return sender


def _wrapped_author(mail: Mail, root: Part) -> Address | None:
    """From of the post that a list sends on whole, as Mailman's "wrap message" does; a person's forward is no such."""
    first = next(iter(root.leaves()), root)
    if first.type != "message/rfc822" or ascii_fold(mail.sender.address) not in list_addresses(mail):
        return None
    fields, _ = split_message(first.content.lstrip(), Budget(), is_part=True)
    found = read_addresses(readable(fields.first("from"))).addresses
    return found[0] if found and "@" in found[0].address else None


def _through_list(mail: Mail) -> bool:
    return any(name in ("list-id", "list-post", "x-beenthere", "mailing-list") for name, _ in mail.headers)


def _is_list_like(mail: Mail) -> bool:
    """Whether the sender's domain is one of the list's."""
    domain = ascii_fold(mail.sender.address).rpartition("@")[2]
    ids, addresses = list_ids(mail), list_addresses(mail)
    return any(id_.endswith(domain) for id_ in ids) or any(address.endswith(domain) for address in addresses)


def _candidates(mail: Mail) -> list[Address]:
    found: list[Address] = []
    for name in ("x-original-from", "x-mailfrom", "x-original-sender"):
        found += [one for value in mail.header_values(name)[:1] for one in read_addresses(value).addresses[:1]]
    named = [one for one in found if one.name]
    people = [*named, *mail.reply_to]
    via = _VIA.fullmatch(mail.sender.name)
    if via:
        wanted = via[1].strip().strip("'\"").lower()
        people += [one for one in mail.cc if one.name.lower() == wanted]  # Mailman 3 with reply_goes_to_list
    return [one for one in (*people, *found) if "@" in one.address]
