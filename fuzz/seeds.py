"""The first inputs of each target, written for this project: small, and one for each form that the parser knows."""

from __future__ import annotations

import base64
from datetime import date

from mailbot.mail.keyring import Key, Keyring
from mailbot.mail.tokens import Role, footer_reference, sign_address, sign_bounce, sign_message_id, subject_tag
from tests.mail.letters import letter, multipart
from tests.mail.wrapped import BODY, FILE_DATA, FILE_PROPERTIES, FILE_TITLE, NEW_FILE, properties, signed, tnef

KEYRING = Keyring((Key("m", b"2" * 32), Key("k", b"1" * 32)))
TICKET = 1_042


def _mail(subtype: str, *parts: str) -> bytes:
    field, body = multipart(subtype, *parts)
    return letter(body, field)


_REPORT = (
    "Content-Type: text/plain\n\nThis is the mail system. Your message could not be delivered.\n",
    "Content-Type: message/delivery-status\n\nReporting-MTA: dns; mx.example.org\n\n"
    "Original-Recipient: rfc822;a@b.example\n"
    "Final-Recipient: rfc822; a@b.example\nAction: failed\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 5.1.1 unknown\n",
    "Content-Type: text/rfc822-headers\n\nMessage-ID: <one@desk.example>\nSubject: Printer\n",
)
_TNEF = tnef(
    (BODY, b"words"),
    (NEW_FILE, b"\0" * 14),
    (FILE_TITLE, b"a.log\0"),
    (FILE_DATA, b"jam"),
    (FILE_PROPERTIES, properties((0x1F, 0x3707, "ä.log".encode("utf-16-le")), (0x1E, 0x370E, b"text/x-log\0"))),
)
_PLUS = sign_address(KEYRING, TICKET, Role.REQUESTER, "ann@example.org", date(2027, 10, 1))
_ID = sign_message_id(KEYRING, TICKET, Role.SPECIALIST, "group:network", date(2027, 10, 1), 7, "desk.example")

SEEDS: dict[str, tuple[bytes, ...]] = {
    "mime": (
        letter(),
        letter("Gr=C3=BC=C3=9Fe=\n an alle", "Content-Transfer-Encoding: quoted-printable"),
        _mail(
            "alternative",
            "Content-Type: text/plain; format=flowed; delsp=yes\n\none \ntwo\n> quoted \n> words\n-- \nAnn",
            "Content-Type: text/html; charset=iso-2022-jp\n\n<p>rich <b>words</b><blockquote>old</blockquote></p>",
        ),
        _mail(
            "mixed",
            "Content-Type: text/plain; charset=utf-7\n\nGr+APwA3w-e",
            "Content-Type: a/b; name*0*=utf-8''%C3%A4; name*1=b.bin\nContent-Transfer-Encoding: base64\n\nAAEC",
            "Content-Type: message/rfc822\n\nSubject: =?utf-8?b?R3LDvMOfZQ==?= =?iso-8859-1?q?x?=\n\ninner",
        ),
        b"From: a@b (c (d)), \"e\\\"\" <f@g>;\nFrom: x\nSubject: a\n\tb\nnonsense\nDate: 1 Jan 2020 1:2 EST\n\nx\r\r\n",
        letter("begin 644 a.txt\n%2&5L;&\\\n`\nend\n-----BEGIN PGP SIGNED MESSAGE-----\n\nx\n"),
        letter("On Mon, 2 Sep 2024 Ann <ann@example.org> wrote:\n> old\n\nnew\n", "List-Id: <l.example>", "X-Loop: x"),
    ),
    "addresses": (
        b"ann@example.org",
        b'"Lee, \\"Ann\\"" <ann@example.org> (comment (nested)), Bob <@relay.example:bob@example.org>',
        b"Staff: ann@example.org, bob@example.org; =?utf-8?q?Lee=2C_=C3=84nn?= <x@y.example>",
        b"ann at example.org (Ann), mailto:a@b.example, undisclosed-recipients:;",
    ),
    "authentication": (
        b"mx.desk.example; dkim=pass header.d=example.org; spf=fail smtp.mailfrom=ann@example.org",
        b"mx.desk.example/1 (comment; dmarc=pass) 1; dmarc=pass (p=none) header.from=example.org",
        b"none; auth=pass smtp.auth=\"x@y\"\nAuthentication-Results: other.example; dmarc=fail header.from=example.org",
    ),
    "commands": (
        b"#resolve\n\nThe printer is well again.\n",
        b"#assign network\n#priority P1\n#wait until 2030-01-01\n\nwords\n#note secret",
        "•\u00a0#claim\n＃undo\n> #send\n*#resolve*\n/faq vpn\n".encode(),
    ),
    "quotes": (
        b"new\n\nOn Mon, 2 Sep 2024 at 10:00, Ann <ann@example.org> wrote:\n> old\n> > older\n\nbelow\n-- \nAnn\n",
        "neu\n\nAm 02.09.2024 um 10 schrieb Ann:\n\n-----Ursprüngliche Nachricht-----\nVon: Ann\nBetreff: x\n".encode(),
        b"---------- Forwarded message ---------\nFrom: Ann <ann@example.org>\nDate: x\nSubject: y\nTo: z\n\nwords\n",
        b"From: Ann\nSent: Monday\nTo: Bob\nSubject: x\n\nold\n____\nlist mailing list\n",
    ),
    "html": (
        b"<html><style>p{}</style><p>one<br>two<div style='display:none'>x</div><ul><li>a<li>b</ul>",
        b'<blockquote type="cite"><a href="https://x.example/?a&amp;b">link</a> &#8364; &nbsp;</blockquote><!-- x',
        b"<table><tr><td>a<td>b</table><pre> x\n y</pre><img alt=i src=cid:1><div class=gmail_quote>q</div>",
    ),
    "dsn": (
        "\n".join(f"--cut\n{part}" for part in _REPORT).encode() + b"\n--cut--\n",
        b"--cut\n\nHi. This is the qmail-send program.\n<a@b.example>:\n550 unknown\n\n--- Below this line\nTo: x\n",
        b"--cut\nContent-Type: message/disposition-notification\n\nDisposition: automatic-action/MDN; displayed\n",
    ),
    "tokens": (
        _PLUS.encode(),
        _ID.encode(),
        sign_bounce(KEYRING, 7).encode(),
        footer_reference(_PLUS).encode(),
        f"Re: Printer {subject_tag(KEYRING, TICKET)}".encode(),
    ),
    "wrappers": (
        b"t" + _TNEF,
        b"t" + tnef((NEW_FILE, b""), (FILE_PROPERTIES, properties((0x0D, 0x3701, b"\0" * 16 + _TNEF)))),
        b"s" + signed(b"Content-Type: text/plain\n\nwords"),
        b"s" + signed(b"Content-Type: text/plain\n\nwords", is_streamed=True),
        b"r" + base64.b64decode("LQAAACsAAABMWkZ18cXHpwMACgByY3BnMTI1QjIK8yBoZWwJACBidwWwbGR9CoAPoA=="),
        rb"m{\rtf1\ansi\ansicpg932{\fonttbl{\f0 x;}}\u252?\'fc{\*\htmltag64 <p>}\htmlrtf x\htmlrtf0 y\par}",
        b"ubegin 644 a.txt\n%2&5L;&\\\n`\nend\n",
    ),
}  # fmt: skip
