"""Who a person is: basic details of requesters (ITIL), from the directory, from specialists, or from a signature (in
this order).
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Person:
    """What the desk knows of somebody; `source` is directory, specialist or signature."""

    address: str
    name: str = ""
    phone: str = ""
    department: str = ""
    site: str = ""
    language: str = ""
    vip: bool = False
    manager: str = ""
    title: str = ""
    organisation: str = ""
    same_as: tuple[str, ...] = ()  # other addresses of the same person: they share tokens and limits
    source: str = "signature"
