"""What a signature tells about its writer: telephone numbers, organisation, job title."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Contact:
    """Facts from a signature; telephone numbers in E.164 form."""

    phones: tuple[str, ...] = ()
    organisation: str = ""
    title: str = ""


def read_contact(signature: str, reply: str = "", region: str = "") -> Contact:
    """What the signature and the last lines of the new words tell; `region` (ISO 3166) reads national numbers."""
    raise NotImplementedError
