"""Mails made for the measurements: what a support mailbox gets in a week, the same ones every time."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

_WORDS = (
    "Hello, since this morning the printer on the third floor prints only blank pages. We have changed the toner and "
    "switched it off and on again, without success. Two colleagues have the same trouble, and the report for the "
    "customer has to be sent today. Could somebody please have a look? Thank you very much."
)
_SIGNATURE = "-- \nAnn Lee\nPurchasing\nExample GmbH\nTel. +49 30 12345678"
_ATTRIBUTION = "On Mon, 2 Mar 2026 at 09:00, IT Support <support@desk.example> wrote:"
_START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def make_mails(count: int) -> list[bytes]:
    """So many mails: half plain, the others with HTML, quotes, or a file."""
    return [_mail(number) for number in range(count)]


def _mail(number: int) -> bytes:
    text = "\n\n".join([_WORDS] * (1 + number % 4)) + "\n\n" + _SIGNATURE
    if number % 3 == 1:
        quoted = "\n".join(f"> {line}" for line in text.split("\n"))
        text = f"It works again, thanks.\n\n{_ATTRIBUTION}\n{quoted}"
    head = [*_header(number), *(_answer(number) if number % 3 == 1 else [])]
    match number % 4:
        case 0:
            return _written([*head, "Content-Type: multipart/alternative; boundary=cut"], _with_html(text))
        case 1:
            return _written([*head, "Content-Type: multipart/mixed; boundary=cut"], _with_file(text, number))
        case _:
            return _written([*head, "Content-Type: text/plain; charset=utf-8", "Content-Transfer-Encoding: 8bit"], text)


def _written(head: list[str], body: str) -> bytes:
    return ("\n".join(head) + "\n\n" + body + "\n").replace("\n", "\r\n").encode()


def _header(number: int) -> list[str]:
    moment = format_datetime(_START + timedelta(minutes=number))
    received = [
        f"Received: from mx{hop}.example.org (mx{hop}.example.org [192.0.2.{hop}])\n\tby mx{hop + 1}.example.org"
        f" (Postfix) with ESMTPS id {number:08X}{hop}\n\tfor <support@desk.example>; {moment}"
        for hop in range(1, 5)
    ]
    return [
        "Return-Path: <ann@example.org>",
        "Delivered-To: support@desk.example",
        *received,
        f"DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=one;\n\th=from:to:subject:date;"
        f"\n\tbh={'A' * 44};\n\tb=" + "\n\t ".join(["B" * 70] * 4),
        'From: "Lee, Ann" <ann@example.org>',
        "To: =?utf-8?q?IT-Unterst=C3=BCtzung?= <support@desk.example>",
        f"Subject: =?utf-8?b?{base64.b64encode(f'Drucker für Büro {number}'.encode()).decode()}?=",
        f"Date: {moment}",
        f"Message-ID: <{number}.bench@example.org>",
        "MIME-Version: 1.0",
        "X-Mailer: Example 1.0",
    ]  # fmt: skip


def _answer(number: int) -> list[str]:
    earlier = [f"<{number}.{place}@desk.example>" for place in range(6)]
    return [f"In-Reply-To: {earlier[-1]}", "References: " + "\n ".join(earlier)]


def _with_html(text: str) -> str:
    html = "".join(f'<p class="MsoNormal"><span style="color:#123">{line}</span></p>\n' for line in text.split("\n"))
    return (
        f"--cut\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--cut\nContent-Type: text/html; charset=utf-8\n\n"
        f"<html><head><style>p {{margin: 0}}</style></head><body>{html}</body></html>\n--cut--"
    )


def _with_file(text: str, number: int) -> str:
    content = base64.encodebytes(bytes(range(256)) * (20 + number % 200)).decode()
    return (
        f"--cut\nContent-Type: text/plain; charset=utf-8\n\n{text}\n--cut\n"
        'Content-Type: image/png; name="screen.png"\nContent-Transfer-Encoding: base64\n'
        f'Content-Disposition: attachment; filename="screen.png"\n\n{content}--cut--'
    )
