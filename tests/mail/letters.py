"""Mails of our own for the tests, written as bytes the way a mail server hands them over."""


def letter(
    body: str = "Hello,\n\nthe printer on floor 3 is out of order.\n",
    *fields: str,
    sender: str = "Ann Lee <ann@example.org>",
) -> bytes:
    """A plain mail to the desk; `fields` are further header lines."""
    head = [
        f"From: {sender}",
        "To: IT Support <support@desk.example>",
        "Subject: Printer",
        "Date: Mon, 02 Sep 2024 10:00:00 +0200",
        "Message-ID: <one@example.org>",
        *fields,
    ]
    if not any(field.lower().startswith("content-type") for field in fields):
        head.append("Content-Type: text/plain; charset=utf-8")
    return ("\r\n".join(head) + "\r\n\r\n" + body.replace("\n", "\r\n")).encode()


def multipart(subtype: str, *parts: str, boundary: str = "cut") -> tuple[str, str]:
    """(Content-Type field, body) of a multipart with these parts, each with its own header."""
    body = "".join(f"--{boundary}\n{part}\n" for part in parts) + f"--{boundary}--\n"
    return f'Content-Type: multipart/{subtype}; boundary="{boundary}"', body


def with_subject(subject: str, body: str, *fields: str, sender: str = "Ann Lee <ann@example.org>") -> bytes:
    """The plain mail with a subject of its own."""
    return letter(body, *fields, sender=sender).replace(b"Subject: Printer", f"Subject: {subject}".encode(), 1)
